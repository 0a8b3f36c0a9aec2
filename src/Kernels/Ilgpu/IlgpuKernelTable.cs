using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Every kernel of the ILGPU backend, one line each, by family.</summary>
internal static class IlgpuKernelTable
{
    public static void AddTo(KernelTable table, GpuQueue queue)
    {
        AddElementwise(table, queue);
        AddReductions(table, queue);
        AddMovement(table, queue);
        AddLinear(table, queue);
        AddConvolution(table, queue);
        AddPooling(table, queue);
        AddNormalization(table, queue);
        AddAttention(table, queue);
        AddInPlace(table, queue);
    }

    private static void AddElementwise(KernelTable table, GpuQueue queue) => table
        .Add(new UnaryIlgpuKernel<NegateOp, Negate>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<AbsOp, Absolute>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<SignOp, Sign>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<FloorOp, Floor>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<ExpOp, Exponential>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<LogOp, Logarithm>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<SqrtOp, SquareRoot>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<RsqrtOp, InverseSquareRoot>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<ReciprocalOp, Reciprocal>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<SquareOp, Square>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<TanhOp, HyperbolicTangent>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<SigmoidOp, Sigmoid>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<SiluOp, Silu>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<ReluOp, Relu>(queue, _ => default))
        .Add(new UnaryIlgpuKernel<AffineOp, Affine>(queue, op => new((float)op.Scale, (float)op.Shift)))
        .Add(new UnaryIlgpuKernel<ClampOp, Clamp>(queue, op => new((float)op.Min, (float)op.Max)))
        .Add(new UnaryIlgpuKernel<LeakyReluOp, LeakyRelu>(queue, op => new((float)op.Slope)))
        .Add(new BinaryIlgpuKernel<AddOp, Add>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<SubtractOp, Subtract>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<MultiplyOp, Multiply>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<DivideOp, Divide>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<MaximumOp, Maximum>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<MinimumOp, Minimum>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<PowerOp, Power>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<GreaterOp, Greater>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<EqualOp, Equal>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<ReluGradOp, ReluGrad>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<SiluGradOp, SiluGrad>(queue, _ => default))
        .Add(new BinaryIlgpuKernel<LeakyReluGradOp, LeakyReluGrad>(queue, op => new((float)op.Slope)))
        .Add(new BinaryIlgpuKernel<ClampGradOp, ClampGrad>(queue, op => new((float)op.Min, (float)op.Max)))
        .Add(new WhereIlgpuKernel(queue))
        .Add(new DropoutIlgpuKernel(queue));

    private static void AddReductions(KernelTable table, GpuQueue queue) => table
        .Add(new ReduceIlgpuKernel<SumOp, SumReduction>(queue, op => op.Axes, (_, _) => 1))
        .Add(new ReduceIlgpuKernel<MeanOp, SumReduction>(queue, op => op.Axes, MeanFactor))
        .Add(new ReduceIlgpuKernel<MaxOp, MaxReduction>(queue, op => op.Axes, (_, _) => 1))
        .Add(new ArgMaxIlgpuKernel(queue));

    private static void AddMovement(KernelTable table, GpuQueue queue) => table
        .Add(new BroadcastToIlgpuKernel(queue))
        .Add(new CastIlgpuKernel(queue))
        .Add(new PermuteIlgpuKernel(queue))
        .Add(new SliceIlgpuKernel(queue))
        .Add(new ConcatIlgpuKernel(queue))
        .Add(new PadIlgpuKernel(queue))
        .Add(new PadGradIlgpuKernel(queue))
        .Add(new OneHotIlgpuKernel(queue));

    private static void AddLinear(KernelTable table, GpuQueue queue) => table
        .Add(new MatMulIlgpuKernel(queue))
        .Add(new LinearIlgpuKernel(queue));

    private static void AddConvolution(KernelTable table, GpuQueue queue) => table
        .Add(new Conv2dIlgpuKernel(queue))
        .Add(new FusedConv2dIlgpuKernel(queue))
        .Add(new Conv2dInputGradIlgpuKernel(queue))
        .Add(new Conv2dWeightGradIlgpuKernel(queue))
        .Add(new DeformSampleIlgpuKernel(queue))
        .Add(new DeformSampleInputGradIlgpuKernel(queue))
        .Add(new DeformSampleOffsetGradIlgpuKernel(queue));

    private static void AddPooling(KernelTable table, GpuQueue queue) => table
        .Add(new MaxPool2dIlgpuKernel(queue))
        .Add(new MaxPool2dGradIlgpuKernel(queue))
        .Add(new AvgPool2dIlgpuKernel(queue))
        .Add(new AvgPool2dGradIlgpuKernel(queue))
        .Add(new AdaptiveAvgPool2dIlgpuKernel(queue))
        .Add(new AdaptiveAvgPool2dGradIlgpuKernel(queue))
        .Add(new InterpolateIlgpuKernel(queue))
        .Add(new InterpolateGradIlgpuKernel(queue));

    private static void AddNormalization(KernelTable table, GpuQueue queue) => table
        .Add(new BatchNormTrainIlgpuKernel(queue))
        .Add(new BatchNormTrainGradIlgpuKernel(queue))
        .Add(new BatchNormTrainReluIlgpuKernel(queue))
        .Add(new BatchNormTrainReluGradIlgpuKernel(queue))
        .Add(new BatchNormInferenceIlgpuKernel(queue))
        .Add(new BatchNormInferenceGradIlgpuKernel(queue))
        .Add(new GroupNormIlgpuKernel(queue))
        .Add(new LayerNormIlgpuKernel(queue))
        .Add(new SoftmaxIlgpuKernel(queue))
        .Add(new SoftmaxGradIlgpuKernel(queue))
        .Add(new LogSoftmaxIlgpuKernel(queue))
        .Add(new LogSoftmaxGradIlgpuKernel(queue));

    private static void AddAttention(KernelTable table, GpuQueue queue) => table
        .Add(new RadixSumGlobalAvgPoolIlgpuKernel(queue))
        .Add(new RadixSumGlobalAvgPoolGradIlgpuKernel(queue))
        .Add(new RadixSoftmaxIlgpuKernel(queue))
        .Add(new RadixSoftmaxGradIlgpuKernel(queue))
        .Add(new SplitAttentionGateIlgpuKernel(queue))
        .Add(new AttentionWeightedSumIlgpuKernel(queue))
        .Add(new AttentionWeightedSumGradIlgpuKernel(queue))
        .Add(new LocalAggregationIlgpuKernel(queue))
        .Add(new LocalAggregationValueGradIlgpuKernel(queue))
        .Add(new LocalAggregationWeightGradIlgpuKernel(queue));

    private static void AddInPlace(KernelTable table, GpuQueue queue) => table
        .Add(new AssignLerpIlgpuKernel(queue))
        .Add(new SgdStepIlgpuKernel(queue))
        .Add(new AdamWStepIlgpuKernel(queue));

    private static double MeanFactor(Shape shape, Axes axes)
    {
        double terms = 1;
        foreach (int axis in axes)
            terms *= shape[axis];
        return 1 / terms;
    }
}
