using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A few output channels times two vectors of neighbouring output pixels, read straight from staged rows: for groups so narrow that
/// gathering columns would cost more than multiplying them.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class NarrowTile<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Pixels of a tile.</summary>
    public static int Columns => 2 * TLanes.Count;

    /// <summary>c[m, n] = (bias[m] or 0) + Σ_k w[k, m] · source[offsets[k] + n].</summary>
    /// <param name="rows">Output channels: 4, 2 or 1.</param>
    /// <param name="weight">Weights, term after term.</param>
    /// <param name="source">Staged rows, at the first output.</param>
    /// <param name="offsets">Where each term of the first output lies.</param>
    /// <param name="terms">Number of terms.</param>
    /// <param name="bias">One number per output channel, or null.</param>
    /// <param name="c">Result; rows are <paramref name="stride"/> elements apart.</param>
    /// <param name="stride">Elements from one result row to the next.</param>
    public static void Multiply(int rows, float* weight, float* source, nint* offsets, int terms, float* bias, float* c, nint stride)
    {
        switch (rows)
        {
            case 4:
                Rows4(weight, source, offsets, terms, bias, c, stride);
                break;
            case 2:
                Rows2(weight, source, offsets, terms, bias, c, stride);
                break;
            default:
                Rows1(weight, source, offsets, terms, bias, c);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4(float* weight, float* source, nint* offsets, int terms, float* bias, float* c, nint stride)
    {
        TLanes c00 = Start(bias, 0), c01 = c00, c10 = Start(bias, 1), c11 = c10;
        TLanes c20 = Start(bias, 2), c21 = c20, c30 = Start(bias, 3), c31 = c30;
        for (int k = 0; k < terms; k++, weight += 4)
        {
            float* pixels = source + offsets[k];
            TLanes b0 = TLanes.Load(pixels), b1 = TLanes.Load(pixels + TLanes.Count);
            var t = TLanes.Broadcast(weight[0]);
            (c00, c01) = (TLanes.MultiplyAdd(t, b0, c00), TLanes.MultiplyAdd(t, b1, c01));
            t = TLanes.Broadcast(weight[1]);
            (c10, c11) = (TLanes.MultiplyAdd(t, b0, c10), TLanes.MultiplyAdd(t, b1, c11));
            t = TLanes.Broadcast(weight[2]);
            (c20, c21) = (TLanes.MultiplyAdd(t, b0, c20), TLanes.MultiplyAdd(t, b1, c21));
            t = TLanes.Broadcast(weight[3]);
            (c30, c31) = (TLanes.MultiplyAdd(t, b0, c30), TLanes.MultiplyAdd(t, b1, c31));
        }

        Store(c, c00, c01);
        Store(c + stride, c10, c11);
        Store(c + 2 * stride, c20, c21);
        Store(c + 3 * stride, c30, c31);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2(float* weight, float* source, nint* offsets, int terms, float* bias, float* c, nint stride)
    {
        TLanes c00 = Start(bias, 0), c01 = c00, c10 = Start(bias, 1), c11 = c10;
        for (int k = 0; k < terms; k++, weight += 2)
        {
            float* pixels = source + offsets[k];
            TLanes b0 = TLanes.Load(pixels), b1 = TLanes.Load(pixels + TLanes.Count);
            var t = TLanes.Broadcast(weight[0]);
            (c00, c01) = (TLanes.MultiplyAdd(t, b0, c00), TLanes.MultiplyAdd(t, b1, c01));
            t = TLanes.Broadcast(weight[1]);
            (c10, c11) = (TLanes.MultiplyAdd(t, b0, c10), TLanes.MultiplyAdd(t, b1, c11));
        }

        Store(c, c00, c01);
        Store(c + stride, c10, c11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1(float* weight, float* source, nint* offsets, int terms, float* bias, float* c)
    {
        TLanes c0 = Start(bias, 0), c1 = c0;
        for (int k = 0; k < terms; k++)
        {
            float* pixels = source + offsets[k];
            var t = TLanes.Broadcast(weight[k]);
            (c0, c1) = (TLanes.MultiplyAdd(t, TLanes.Load(pixels), c0), TLanes.MultiplyAdd(t, TLanes.Load(pixels + TLanes.Count), c1));
        }

        Store(c, c0, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Start(float* bias, int row) => TLanes.Broadcast(bias == null ? 0 : bias[row]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, TLanes c0, TLanes c1)
    {
        c0.Store(c);
        c1.Store(c + TLanes.Count);
    }
}
