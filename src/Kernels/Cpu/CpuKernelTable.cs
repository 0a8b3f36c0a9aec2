using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Every kernel of the CPU backend, one line each, by family.</summary>
internal static class CpuKernelTable
{
    public static void AddTo(KernelTable table)
    {
        AddElementwise(table);
        AddReductions(table);
        AddMovement(table);
        AddLinear(table);
        AddConvolution(table);
        AddPooling(table);
        AddNormalization(table);
        AddAttention(table);
        AddLosses(table);
    }

    private static void AddElementwise(KernelTable table)
    {
    }

    private static void AddReductions(KernelTable table)
    {
    }

    private static void AddMovement(KernelTable table)
    {
    }

    private static void AddLinear(KernelTable table)
    {
    }

    private static void AddConvolution(KernelTable table)
    {
    }

    private static void AddPooling(KernelTable table)
    {
    }

    private static void AddNormalization(KernelTable table)
    {
    }

    private static void AddAttention(KernelTable table)
    {
    }

    private static void AddLosses(KernelTable table)
    {
    }
}
