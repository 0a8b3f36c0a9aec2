using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A few rows times two vectors of columns, kept in registers over all terms, where each term's columns lie at a place of their own.</summary>
/// <remarks>As <see cref="GemmTile{TLanes}"/>, for right operands that need no packing: pixels of an image whose channels lie side by side.
/// The place costs one load a term.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class GatherTile<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Columns of a tile.</summary>
    public static int Columns => 2 * TLanes.Count;

    /// <summary>c[m, n] = Σ_k a[k, m] · b[places[k] + n], plus the old c[m, n] if <paramref name="accumulate"/>.</summary>
    /// <param name="rows">Rows of the tile: 12, 8, 6, 4 or 2.</param>
    /// <param name="a">Left operand, <paramref name="terms"/> × rows.</param>
    /// <param name="b">Where the right operand's place 0 lies.</param>
    /// <param name="places">Place of each term.</param>
    /// <param name="terms">Length of the sums.</param>
    /// <param name="c">Result; rows are <paramref name="stride"/> elements apart.</param>
    /// <param name="stride">Elements from one result row to the next.</param>
    /// <param name="accumulate">Add to what is there.</param>
    public static void Multiply(int rows, float* a, float* b, nint* places, int terms, float* c, nint stride, bool accumulate)
    {
        switch (rows)
        {
            case 12:
                Rows12(a, b, places, terms, c, stride, accumulate);
                break;
            case 8:
                // Eight sums are enough to keep the multipliers busy, so twice four rows are as quick as eight.
                Rows4(a, 8, b, places, terms, c, stride, accumulate);
                Rows4(a + 4, 8, b, places, terms, c + 4 * stride, stride, accumulate);
                break;
            case 6:
                Rows6(a, b, places, terms, c, stride, accumulate);
                break;
            case 4:
                Rows4(a, 4, b, places, terms, c, stride, accumulate);
                break;
            default:
                Rows2(a, b, places, terms, c, stride, accumulate);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows12(float* a, float* b, nint* places, int terms, float* c, nint stride, bool accumulate)
    {
        var zero = TLanes.Broadcast(0);
        TLanes c00 = zero, c01 = zero;
        TLanes c10 = zero, c11 = zero;
        TLanes c20 = zero, c21 = zero;
        TLanes c30 = zero, c31 = zero;
        TLanes c40 = zero, c41 = zero;
        TLanes c50 = zero, c51 = zero;
        TLanes c60 = zero, c61 = zero;
        TLanes c70 = zero, c71 = zero;
        TLanes c80 = zero, c81 = zero;
        TLanes c90 = zero, c91 = zero;
        TLanes c100 = zero, c101 = zero;
        TLanes c110 = zero, c111 = zero;
        for (int k = 0; k < terms; k++, a += 12)
        {
            float* columns = b + places[k];
            TLanes b0 = TLanes.Load(columns), b1 = TLanes.Load(columns + TLanes.Count);
            var t = TLanes.Broadcast(a[0]);
            c00 = TLanes.MultiplyAdd(t, b0, c00);
            c01 = TLanes.MultiplyAdd(t, b1, c01);
            t = TLanes.Broadcast(a[1]);
            c10 = TLanes.MultiplyAdd(t, b0, c10);
            c11 = TLanes.MultiplyAdd(t, b1, c11);
            t = TLanes.Broadcast(a[2]);
            c20 = TLanes.MultiplyAdd(t, b0, c20);
            c21 = TLanes.MultiplyAdd(t, b1, c21);
            t = TLanes.Broadcast(a[3]);
            c30 = TLanes.MultiplyAdd(t, b0, c30);
            c31 = TLanes.MultiplyAdd(t, b1, c31);
            t = TLanes.Broadcast(a[4]);
            c40 = TLanes.MultiplyAdd(t, b0, c40);
            c41 = TLanes.MultiplyAdd(t, b1, c41);
            t = TLanes.Broadcast(a[5]);
            c50 = TLanes.MultiplyAdd(t, b0, c50);
            c51 = TLanes.MultiplyAdd(t, b1, c51);
            t = TLanes.Broadcast(a[6]);
            c60 = TLanes.MultiplyAdd(t, b0, c60);
            c61 = TLanes.MultiplyAdd(t, b1, c61);
            t = TLanes.Broadcast(a[7]);
            c70 = TLanes.MultiplyAdd(t, b0, c70);
            c71 = TLanes.MultiplyAdd(t, b1, c71);
            t = TLanes.Broadcast(a[8]);
            c80 = TLanes.MultiplyAdd(t, b0, c80);
            c81 = TLanes.MultiplyAdd(t, b1, c81);
            t = TLanes.Broadcast(a[9]);
            c90 = TLanes.MultiplyAdd(t, b0, c90);
            c91 = TLanes.MultiplyAdd(t, b1, c91);
            t = TLanes.Broadcast(a[10]);
            c100 = TLanes.MultiplyAdd(t, b0, c100);
            c101 = TLanes.MultiplyAdd(t, b1, c101);
            t = TLanes.Broadcast(a[11]);
            c110 = TLanes.MultiplyAdd(t, b0, c110);
            c111 = TLanes.MultiplyAdd(t, b1, c111);
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
        Finish(c + 2 * stride, c20, c21, accumulate);
        Finish(c + 3 * stride, c30, c31, accumulate);
        Finish(c + 4 * stride, c40, c41, accumulate);
        Finish(c + 5 * stride, c50, c51, accumulate);
        Finish(c + 6 * stride, c60, c61, accumulate);
        Finish(c + 7 * stride, c70, c71, accumulate);
        Finish(c + 8 * stride, c80, c81, accumulate);
        Finish(c + 9 * stride, c90, c91, accumulate);
        Finish(c + 10 * stride, c100, c101, accumulate);
        Finish(c + 11 * stride, c110, c111, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows6(float* a, float* b, nint* places, int terms, float* c, nint stride, bool accumulate)
    {
        var zero = TLanes.Broadcast(0);
        TLanes c00 = zero, c01 = zero;
        TLanes c10 = zero, c11 = zero;
        TLanes c20 = zero, c21 = zero;
        TLanes c30 = zero, c31 = zero;
        TLanes c40 = zero, c41 = zero;
        TLanes c50 = zero, c51 = zero;
        for (int k = 0; k < terms; k++, a += 6)
        {
            float* columns = b + places[k];
            TLanes b0 = TLanes.Load(columns), b1 = TLanes.Load(columns + TLanes.Count);
            var t = TLanes.Broadcast(a[0]);
            c00 = TLanes.MultiplyAdd(t, b0, c00);
            c01 = TLanes.MultiplyAdd(t, b1, c01);
            t = TLanes.Broadcast(a[1]);
            c10 = TLanes.MultiplyAdd(t, b0, c10);
            c11 = TLanes.MultiplyAdd(t, b1, c11);
            t = TLanes.Broadcast(a[2]);
            c20 = TLanes.MultiplyAdd(t, b0, c20);
            c21 = TLanes.MultiplyAdd(t, b1, c21);
            t = TLanes.Broadcast(a[3]);
            c30 = TLanes.MultiplyAdd(t, b0, c30);
            c31 = TLanes.MultiplyAdd(t, b1, c31);
            t = TLanes.Broadcast(a[4]);
            c40 = TLanes.MultiplyAdd(t, b0, c40);
            c41 = TLanes.MultiplyAdd(t, b1, c41);
            t = TLanes.Broadcast(a[5]);
            c50 = TLanes.MultiplyAdd(t, b0, c50);
            c51 = TLanes.MultiplyAdd(t, b1, c51);
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
        Finish(c + 2 * stride, c20, c21, accumulate);
        Finish(c + 3 * stride, c30, c31, accumulate);
        Finish(c + 4 * stride, c40, c41, accumulate);
        Finish(c + 5 * stride, c50, c51, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4(float* a, int step, float* b, nint* places, int terms, float* c, nint stride, bool accumulate)
    {
        var zero = TLanes.Broadcast(0);
        TLanes c00 = zero, c01 = zero;
        TLanes c10 = zero, c11 = zero;
        TLanes c20 = zero, c21 = zero;
        TLanes c30 = zero, c31 = zero;
        for (int k = 0; k < terms; k++, a += step)
        {
            float* columns = b + places[k];
            TLanes b0 = TLanes.Load(columns), b1 = TLanes.Load(columns + TLanes.Count);
            var t = TLanes.Broadcast(a[0]);
            c00 = TLanes.MultiplyAdd(t, b0, c00);
            c01 = TLanes.MultiplyAdd(t, b1, c01);
            t = TLanes.Broadcast(a[1]);
            c10 = TLanes.MultiplyAdd(t, b0, c10);
            c11 = TLanes.MultiplyAdd(t, b1, c11);
            t = TLanes.Broadcast(a[2]);
            c20 = TLanes.MultiplyAdd(t, b0, c20);
            c21 = TLanes.MultiplyAdd(t, b1, c21);
            t = TLanes.Broadcast(a[3]);
            c30 = TLanes.MultiplyAdd(t, b0, c30);
            c31 = TLanes.MultiplyAdd(t, b1, c31);
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
        Finish(c + 2 * stride, c20, c21, accumulate);
        Finish(c + 3 * stride, c30, c31, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2(float* a, float* b, nint* places, int terms, float* c, nint stride, bool accumulate)
    {
        var zero = TLanes.Broadcast(0);
        TLanes c00 = zero, c01 = zero;
        TLanes c10 = zero, c11 = zero;
        for (int k = 0; k < terms; k++, a += 2)
        {
            float* columns = b + places[k];
            TLanes b0 = TLanes.Load(columns), b1 = TLanes.Load(columns + TLanes.Count);
            var t = TLanes.Broadcast(a[0]);
            c00 = TLanes.MultiplyAdd(t, b0, c00);
            c01 = TLanes.MultiplyAdd(t, b1, c01);
            t = TLanes.Broadcast(a[1]);
            c10 = TLanes.MultiplyAdd(t, b0, c10);
            c11 = TLanes.MultiplyAdd(t, b1, c11);
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* c, TLanes c0, TLanes c1, bool accumulate)
    {
        if (accumulate)
        {
            c0 += TLanes.Load(c);
            c1 += TLanes.Load(c + TLanes.Count);
        }

        c0.Store(c);
        c1.Store(c + TLanes.Count);
    }
}
