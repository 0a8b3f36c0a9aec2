using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Reference;

/// <summary>Every primitive operator's oracle, one line each, by family.</summary>
internal static class ReferenceKernelTable
{
    public static void AddTo(KernelTable table)
    {
        AddElementwise(table);
        AddReductions(table);
        AddMovement(table);
        AddLinear(table);
        AddConvolution(table);
        AddPooling(table);
        AddRandom(table);
    }

    private static void AddElementwise(KernelTable table) => table
        .Add(new UnaryReference<NegateOp>((_, x) => -x))
        .Add(new UnaryReference<AbsOp>((_, x) => Math.Abs(x)))
        .Add(new UnaryReference<SignOp>((_, x) => x > 0 ? 1 : x < 0 ? -1 : 0))
        .Add(new UnaryReference<FloorOp>((_, x) => Math.Floor(x)))
        .Add(new UnaryReference<ExpOp>((_, x) => Math.Exp(x)))
        .Add(new UnaryReference<LogOp>((_, x) => Math.Log(x)))
        .Add(new UnaryReference<SqrtOp>((_, x) => Math.Sqrt(x)))
        .Add(new UnaryReference<RsqrtOp>((_, x) => 1 / Math.Sqrt(x)))
        .Add(new UnaryReference<ReciprocalOp>((_, x) => 1 / x))
        .Add(new UnaryReference<SquareOp>((_, x) => x * x))
        .Add(new UnaryReference<TanhOp>((_, x) => Math.Tanh(x)))
        .Add(new UnaryReference<SigmoidOp>((_, x) => 1 / (1 + Math.Exp(-x))))
        .Add(new UnaryReference<ReluOp>((_, x) => Math.Max(x, 0)))
        .Add(new UnaryReference<AffineOp>((op, x) => op.Scale * x + op.Shift))
        .Add(new UnaryReference<ClampOp>((op, x) => Math.Min(Math.Max(x, op.Min), op.Max)))
        .Add(new UnaryReference<LeakyReluOp>((op, x) => x > 0 ? x : op.Slope * x))
        .Add(new BinaryReference<AddOp>((_, a, b) => a + b))
        .Add(new BinaryReference<SubtractOp>((_, a, b) => a - b))
        .Add(new BinaryReference<MultiplyOp>((_, a, b) => a * b))
        .Add(new BinaryReference<DivideOp>((_, a, b) => a / b))
        .Add(new BinaryReference<MaximumOp>((_, a, b) => Math.Max(a, b)))
        .Add(new BinaryReference<MinimumOp>((_, a, b) => Math.Min(a, b)))
        .Add(new BinaryReference<PowerOp>((_, a, b) => Math.Pow(a, b)))
        .Add(new BinaryReference<GreaterOp>((_, a, b) => a > b ? 1 : 0))
        .Add(new BinaryReference<EqualOp>((_, a, b) => a == b ? 1 : 0))
        .Add(new WhereReference());

    private static void AddReductions(KernelTable table) => table
        .Add(new SumReference())
        .Add(new MaxReference())
        .Add(new ArgMaxReference());

    private static void AddMovement(KernelTable table) => table
        .Add(new BroadcastToReference())
        .Add(new CastReference())
        .Add(new PermuteReference())
        .Add(new SliceReference())
        .Add(new ConcatReference())
        .Add(new PadReference())
        .Add(new PadGradReference())
        .Add(new OneHotReference());

    private static void AddLinear(KernelTable table) => table
        .Add(new MatMulReference());

    private static void AddConvolution(KernelTable table) => table
        .Add(new Conv2dReference())
        .Add(new Conv2dInputGradReference())
        .Add(new Conv2dWeightGradReference());

    private static void AddPooling(KernelTable table) => table
        .Add(new MaxPool2dReference())
        .Add(new MaxPool2dGradReference())
        .Add(new AvgPool2dReference())
        .Add(new AvgPool2dGradReference())
        .Add(new AdaptiveAvgPool2dReference())
        .Add(new AdaptiveAvgPool2dGradReference())
        .Add(new InterpolateReference())
        .Add(new InterpolateGradReference());

    private static void AddRandom(KernelTable table) => table
        .Add(new DropoutReference());
}
