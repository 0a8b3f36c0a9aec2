using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The grid of a pool's windows over its image.</summary>
internal static class PoolTaps
{
    /// <summary>Output elements that one piece of work should have.</summary>
    private const int Outputs = 8192;

    /// <summary>The grid.</summary>
    public static ImageTaps Of(PoolGeometry g, Shape image, Shape output)
    {
        int[] rows = new int[g.KernelH * g.KernelW], columns = new int[rows.Length];
        for (int t = 0; t < rows.Length; t++)
        {
            rows[t] = t / g.KernelW * g.DilationH - g.PadTop;
            columns[t] = t % g.KernelW * g.DilationW - g.PadLeft;
        }

        return new ImageTaps(image[2], image[3], output[2], output[3], g.StrideH, g.StrideW, rows, columns);
    }

    /// <summary>Planes that make one piece of work, when each has so many elements.</summary>
    public static int PlanesPerPiece(int elements) => Math.Max(1, Outputs / Math.Max(1, elements));
}
