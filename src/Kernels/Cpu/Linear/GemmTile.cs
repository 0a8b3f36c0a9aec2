using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loops of every matrix product: a few rows times two vectors of columns, kept in registers over all terms.</summary>
/// <remarks>Left operand: term after term, one element per row. Right operand: term after term, two vectors. Each term costs two vector loads,
/// one broadcast per row and two multiply-adds per row; with 12 rows of 512 bits that is 24 multiply-adds for 14 loads, so the
/// multipliers are the limit: see benchmarks/Kernels. 12 rows need 27 registers (AVX-512 has 32), 6 rows 15 (AVX2 has 16).</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class GemmTile<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Columns of a tile.</summary>
    public static int Columns => 2 * TLanes.Count;

    /// <summary>c[m, n] = (bias[m] or 0) + Σ_k a[k, m] · b[k, n], plus the old c[m, n] if <paramref name="accumulate"/>.</summary>
    /// <param name="rows">Rows of the tile: 12, 8, 6, 4 or 2.</param>
    /// <param name="a">Left operand, <paramref name="terms"/> × rows.</param>
    /// <param name="b">Right operand, <paramref name="terms"/> × <see cref="Columns"/>.</param>
    /// <param name="terms">Length of the sums.</param>
    /// <param name="bias">One number per row, or null.</param>
    /// <param name="c">Result; rows are <paramref name="stride"/> elements apart.</param>
    /// <param name="stride">Elements from one result row to the next.</param>
    /// <param name="accumulate">Add to what is there.</param>
    public static void Multiply(int rows, float* a, float* b, nint terms, float* bias, float* c, nint stride, bool accumulate)
    {
        switch (rows)
        {
            case 12:
                Rows12(a, b, terms, bias, c, stride, accumulate);
                break;
            case 8:
                Rows8(a, b, terms, bias, c, stride, accumulate);
                break;
            case 6:
                Rows6(a, b, terms, bias, c, stride, accumulate);
                break;
            case 4:
                Rows4(a, b, terms, bias, c, stride, accumulate);
                break;
            default:
                Rows2(a, b, terms, bias, c, stride, accumulate);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows12(float* a, float* b, nint terms, float* bias, float* c, nint stride, bool accumulate)
    {
        TLanes c00 = Start(bias, 0), c01 = c00;
        TLanes c10 = Start(bias, 1), c11 = c10;
        TLanes c20 = Start(bias, 2), c21 = c20;
        TLanes c30 = Start(bias, 3), c31 = c30;
        TLanes c40 = Start(bias, 4), c41 = c40;
        TLanes c50 = Start(bias, 5), c51 = c50;
        TLanes c60 = Start(bias, 6), c61 = c60;
        TLanes c70 = Start(bias, 7), c71 = c70;
        TLanes c80 = Start(bias, 8), c81 = c80;
        TLanes c90 = Start(bias, 9), c91 = c90;
        TLanes c100 = Start(bias, 10), c101 = c100;
        TLanes c110 = Start(bias, 11), c111 = c110;
        for (; terms > 0; terms--)
        {
            var b0 = TLanes.Load(b);
            var b1 = TLanes.Load(b + TLanes.Count);
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
            a += 12;
            b += 2 * TLanes.Count;
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
    private static void Rows8(float* a, float* b, nint terms, float* bias, float* c, nint stride, bool accumulate)
    {
        TLanes c00 = Start(bias, 0), c01 = c00;
        TLanes c10 = Start(bias, 1), c11 = c10;
        TLanes c20 = Start(bias, 2), c21 = c20;
        TLanes c30 = Start(bias, 3), c31 = c30;
        TLanes c40 = Start(bias, 4), c41 = c40;
        TLanes c50 = Start(bias, 5), c51 = c50;
        TLanes c60 = Start(bias, 6), c61 = c60;
        TLanes c70 = Start(bias, 7), c71 = c70;
        for (; terms > 0; terms--)
        {
            var b0 = TLanes.Load(b);
            var b1 = TLanes.Load(b + TLanes.Count);
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
            a += 8;
            b += 2 * TLanes.Count;
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
        Finish(c + 2 * stride, c20, c21, accumulate);
        Finish(c + 3 * stride, c30, c31, accumulate);
        Finish(c + 4 * stride, c40, c41, accumulate);
        Finish(c + 5 * stride, c50, c51, accumulate);
        Finish(c + 6 * stride, c60, c61, accumulate);
        Finish(c + 7 * stride, c70, c71, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows6(float* a, float* b, nint terms, float* bias, float* c, nint stride, bool accumulate)
    {
        TLanes c00 = Start(bias, 0), c01 = c00;
        TLanes c10 = Start(bias, 1), c11 = c10;
        TLanes c20 = Start(bias, 2), c21 = c20;
        TLanes c30 = Start(bias, 3), c31 = c30;
        TLanes c40 = Start(bias, 4), c41 = c40;
        TLanes c50 = Start(bias, 5), c51 = c50;
        for (; terms > 0; terms--)
        {
            var b0 = TLanes.Load(b);
            var b1 = TLanes.Load(b + TLanes.Count);
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
            a += 6;
            b += 2 * TLanes.Count;
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
        Finish(c + 2 * stride, c20, c21, accumulate);
        Finish(c + 3 * stride, c30, c31, accumulate);
        Finish(c + 4 * stride, c40, c41, accumulate);
        Finish(c + 5 * stride, c50, c51, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4(float* a, float* b, nint terms, float* bias, float* c, nint stride, bool accumulate)
    {
        TLanes c00 = Start(bias, 0), c01 = c00;
        TLanes c10 = Start(bias, 1), c11 = c10;
        TLanes c20 = Start(bias, 2), c21 = c20;
        TLanes c30 = Start(bias, 3), c31 = c30;
        for (; terms > 0; terms--)
        {
            var b0 = TLanes.Load(b);
            var b1 = TLanes.Load(b + TLanes.Count);
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
            a += 4;
            b += 2 * TLanes.Count;
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
        Finish(c + 2 * stride, c20, c21, accumulate);
        Finish(c + 3 * stride, c30, c31, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2(float* a, float* b, nint terms, float* bias, float* c, nint stride, bool accumulate)
    {
        TLanes c00 = Start(bias, 0), c01 = c00;
        TLanes c10 = Start(bias, 1), c11 = c10;
        for (; terms > 0; terms--)
        {
            var b0 = TLanes.Load(b);
            var b1 = TLanes.Load(b + TLanes.Count);
            var t = TLanes.Broadcast(a[0]);
            c00 = TLanes.MultiplyAdd(t, b0, c00);
            c01 = TLanes.MultiplyAdd(t, b1, c01);
            t = TLanes.Broadcast(a[1]);
            c10 = TLanes.MultiplyAdd(t, b0, c10);
            c11 = TLanes.MultiplyAdd(t, b1, c11);
            a += 2;
            b += 2 * TLanes.Count;
        }

        Finish(c, c00, c01, accumulate);
        Finish(c + stride, c10, c11, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Start(float* bias, int row) => TLanes.Broadcast(bias == null ? 0 : bias[row]);

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
