using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Reference;

/// <summary>Every primitive operator's oracle, one line each.</summary>
internal static class ReferenceKernelTable
{
    public static void AddTo(KernelTable table) => table
        .Add(new UnaryReference<AffineOp>((op, x) => op.Scale * x + op.Shift))
        .Add(new BinaryReference<AddOp>((_, a, b) => a + b))
        .Add(new BinaryReference<MultiplyOp>((_, a, b) => a * b))
        .Add(new SumReference())
        .Add(new BroadcastToReference())
        .Add(new CastReference());
}
