using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>What the sums of an average pool are divided by: the product of a number per output row and one per output column.</summary>
internal readonly struct AvgPoolDivisors
{
    /// <summary>Computes the divisors.</summary>
    public AvgPoolDivisors(PoolGeometry g, bool countPadding, int divisorOverride, Shape image, Shape output)
    {
        Rows = Along(output[2], image[2], g.KernelH, g.StrideH, g.PadTop, g.PadBottom, countPadding);
        Columns = Along(output[3], image[3], g.KernelW, g.StrideW, g.PadLeft, g.PadRight, countPadding);
        if (divisorOverride == 0)
            return;
        Array.Fill(Rows, divisorOverride);
        Array.Fill(Columns, 1);
    }

    /// <summary>One number per output row.</summary>
    public float[] Rows { get; }

    /// <summary>One number per output column.</summary>
    public float[] Columns { get; }

    private static float[] Along(int outputs, int input, int kernel, int stride, int before, int after, bool countPadding)
    {
        var divisors = new float[outputs];
        for (int i = 0; i < outputs; i++)
        {
            var (from, to, padded) = AvgPool2dOp.Window(i, input, kernel, stride, before, after);
            divisors[i] = countPadding ? padded : to - from;
        }

        return divisors;
    }
}
