using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Products of rows with rows, for operands whose terms lie side by side in both: lanes hold partial sums that are added at the end.</summary>
/// <remarks>Needs no packing, which is what counts when one operand has few rows. Per vector of terms a tile of 4 × 6 costs 10 loads
/// and 24 multiply-adds; where there are 16 registers only, the tile is 4 × 2.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class DotTile<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Left rows of a tile.</summary>
    public const int Rows = 4;

    /// <summary>Right rows of a tile.</summary>
    public static int Columns => TLanes.Count >= 16 ? 6 : 2;

    /// <summary>c[m, n] = (bias[m] or 0) + Σ_k a[m, k] · b[n, k], or the sum added to c[m, n] if <paramref name="accumulate"/>, for m &lt; rows ≤ 4, n &lt; columns ≤ <see cref="Columns"/>.</summary>
    /// <param name="a">Left rows.</param>
    /// <param name="aStride">Elements from one left row to the next.</param>
    /// <param name="rows">Left rows.</param>
    /// <param name="b">Right rows.</param>
    /// <param name="bStride">Elements from one right row to the next.</param>
    /// <param name="columns">Right rows.</param>
    /// <param name="terms">Length of the sums.</param>
    /// <param name="bias">One number per left row, or null.</param>
    /// <param name="c">Result.</param>
    /// <param name="rowStride">Elements between results of neighbouring left rows.</param>
    /// <param name="columnStride">Elements between results of neighbouring right rows.</param>
    /// <param name="accumulate">Add to what is there.</param>
    [SkipLocalsInit]
    public static void Multiply(
        float* a, nint aStride, int rows, float* b, nint bStride, int columns, int terms, float* bias, float* c, nint rowStride, nint columnStride, bool accumulate)
    {
        float* lanes = stackalloc float[Rows * 6 * 16];
        // A tile that hangs over repeats its last row; what that gives is dropped.
        float* a1 = a + Math.Min(1, rows - 1) * aStride, a2 = a + Math.Min(2, rows - 1) * aStride, a3 = a + (rows - 1) * aStride;
        if (TLanes.Count >= 16)
            SixColumns(a, a1, a2, a3, b, bStride, columns, terms, lanes);
        else
            TwoColumns(a, a1, a2, a3, b, b + (columns - 1) * bStride, terms, lanes);
        int whole = terms / TLanes.Count * TLanes.Count;
        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < columns; n++)
            {
                float sum = Sum(lanes + (m * Columns + n) * TLanes.Count);
                for (int k = whole; k < terms; k++)
                    sum += a[m * aStride + k] * b[n * bStride + k];
                float* target = c + m * rowStride + n * columnStride;
                *target = accumulate ? *target + sum : bias == null ? sum : bias[m] + sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SixColumns(float* a0, float* a1, float* a2, float* a3, float* b0, nint stride, int columns, int terms, float* lanes)
    {
        float* b1 = b0 + Math.Min(1, columns - 1) * stride, b2 = b0 + Math.Min(2, columns - 1) * stride, b3 = b0 + Math.Min(3, columns - 1) * stride;
        float* b4 = b0 + Math.Min(4, columns - 1) * stride, b5 = b0 + Math.Min(5, columns - 1) * stride;
        TLanes zero = TLanes.Broadcast(0);
        TLanes c00 = zero, c01 = zero, c02 = zero, c03 = zero, c04 = zero, c05 = zero;
        TLanes c10 = zero, c11 = zero, c12 = zero, c13 = zero, c14 = zero, c15 = zero;
        TLanes c20 = zero, c21 = zero, c22 = zero, c23 = zero, c24 = zero, c25 = zero;
        TLanes c30 = zero, c31 = zero, c32 = zero, c33 = zero, c34 = zero, c35 = zero;
        for (nint k = 0; k <= terms - TLanes.Count; k += TLanes.Count)
        {
            TLanes x0 = TLanes.Load(a0 + k), x1 = TLanes.Load(a1 + k), x2 = TLanes.Load(a2 + k), x3 = TLanes.Load(a3 + k);
            var y = TLanes.Load(b0 + k);
            (c00, c10) = (TLanes.MultiplyAdd(x0, y, c00), TLanes.MultiplyAdd(x1, y, c10));
            (c20, c30) = (TLanes.MultiplyAdd(x2, y, c20), TLanes.MultiplyAdd(x3, y, c30));
            y = TLanes.Load(b1 + k);
            (c01, c11) = (TLanes.MultiplyAdd(x0, y, c01), TLanes.MultiplyAdd(x1, y, c11));
            (c21, c31) = (TLanes.MultiplyAdd(x2, y, c21), TLanes.MultiplyAdd(x3, y, c31));
            y = TLanes.Load(b2 + k);
            (c02, c12) = (TLanes.MultiplyAdd(x0, y, c02), TLanes.MultiplyAdd(x1, y, c12));
            (c22, c32) = (TLanes.MultiplyAdd(x2, y, c22), TLanes.MultiplyAdd(x3, y, c32));
            y = TLanes.Load(b3 + k);
            (c03, c13) = (TLanes.MultiplyAdd(x0, y, c03), TLanes.MultiplyAdd(x1, y, c13));
            (c23, c33) = (TLanes.MultiplyAdd(x2, y, c23), TLanes.MultiplyAdd(x3, y, c33));
            y = TLanes.Load(b4 + k);
            (c04, c14) = (TLanes.MultiplyAdd(x0, y, c04), TLanes.MultiplyAdd(x1, y, c14));
            (c24, c34) = (TLanes.MultiplyAdd(x2, y, c24), TLanes.MultiplyAdd(x3, y, c34));
            y = TLanes.Load(b5 + k);
            (c05, c15) = (TLanes.MultiplyAdd(x0, y, c05), TLanes.MultiplyAdd(x1, y, c15));
            (c25, c35) = (TLanes.MultiplyAdd(x2, y, c25), TLanes.MultiplyAdd(x3, y, c35));
        }

        c00.Store(lanes);
        c01.Store(lanes + TLanes.Count);
        c02.Store(lanes + 2 * TLanes.Count);
        c03.Store(lanes + 3 * TLanes.Count);
        c04.Store(lanes + 4 * TLanes.Count);
        c05.Store(lanes + 5 * TLanes.Count);
        c10.Store(lanes + 6 * TLanes.Count);
        c11.Store(lanes + 7 * TLanes.Count);
        c12.Store(lanes + 8 * TLanes.Count);
        c13.Store(lanes + 9 * TLanes.Count);
        c14.Store(lanes + 10 * TLanes.Count);
        c15.Store(lanes + 11 * TLanes.Count);
        c20.Store(lanes + 12 * TLanes.Count);
        c21.Store(lanes + 13 * TLanes.Count);
        c22.Store(lanes + 14 * TLanes.Count);
        c23.Store(lanes + 15 * TLanes.Count);
        c24.Store(lanes + 16 * TLanes.Count);
        c25.Store(lanes + 17 * TLanes.Count);
        c30.Store(lanes + 18 * TLanes.Count);
        c31.Store(lanes + 19 * TLanes.Count);
        c32.Store(lanes + 20 * TLanes.Count);
        c33.Store(lanes + 21 * TLanes.Count);
        c34.Store(lanes + 22 * TLanes.Count);
        c35.Store(lanes + 23 * TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoColumns(float* a0, float* a1, float* a2, float* a3, float* b0, float* b1, int terms, float* lanes)
    {
        TLanes zero = TLanes.Broadcast(0);
        TLanes c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
        for (nint k = 0; k <= terms - TLanes.Count; k += TLanes.Count)
        {
            TLanes y0 = TLanes.Load(b0 + k), y1 = TLanes.Load(b1 + k);
            var x = TLanes.Load(a0 + k);
            (c00, c01) = (TLanes.MultiplyAdd(x, y0, c00), TLanes.MultiplyAdd(x, y1, c01));
            x = TLanes.Load(a1 + k);
            (c10, c11) = (TLanes.MultiplyAdd(x, y0, c10), TLanes.MultiplyAdd(x, y1, c11));
            x = TLanes.Load(a2 + k);
            (c20, c21) = (TLanes.MultiplyAdd(x, y0, c20), TLanes.MultiplyAdd(x, y1, c21));
            x = TLanes.Load(a3 + k);
            (c30, c31) = (TLanes.MultiplyAdd(x, y0, c30), TLanes.MultiplyAdd(x, y1, c31));
        }

        c00.Store(lanes);
        c01.Store(lanes + TLanes.Count);
        c10.Store(lanes + 2 * TLanes.Count);
        c11.Store(lanes + 3 * TLanes.Count);
        c20.Store(lanes + 4 * TLanes.Count);
        c21.Store(lanes + 5 * TLanes.Count);
        c30.Store(lanes + 6 * TLanes.Count);
        c31.Store(lanes + 7 * TLanes.Count);
    }

    /// <summary>The sum of the lanes of one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(float* lanes)
    {
        var sum = Vector128.Load(lanes);
        for (int j = 4; j < TLanes.Count; j += 4)
            sum += Vector128.Load(lanes + j);
        return Vector128.Sum(sum);
    }
}
