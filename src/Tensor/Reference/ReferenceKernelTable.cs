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
        .Add(new UnaryReference<AffineOp>((op, x) => op.Scale * x + op.Shift))
        .Add(new BinaryReference<AddOp>((_, a, b) => a + b))
        .Add(new BinaryReference<MultiplyOp>((_, a, b) => a * b));

    private static void AddReductions(KernelTable table) => table
        .Add(new SumReference());

    private static void AddMovement(KernelTable table) => table
        .Add(new BroadcastToReference())
        .Add(new CastReference());

    private static void AddLinear(KernelTable table)
    {
    }

    private static void AddConvolution(KernelTable table)
    {
    }

    private static void AddPooling(KernelTable table)
    {
    }

    private static void AddRandom(KernelTable table)
    {
    }
}
