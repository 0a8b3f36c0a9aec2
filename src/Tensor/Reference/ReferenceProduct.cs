using System.Numerics;
using System.Runtime.InteropServices;

namespace ResNeSt.Tensors.Reference;

/// <summary>The matrix product behind the oracle's products and convolutions, quick enough to send whole networks through it.</summary>
/// <remarks>Every element of the result is one sum from the first term to the last; vectors hold neighbouring elements, never partial sums,
/// and multiplication and addition round separately. So the values are those of the plain triple loop on every machine.</remarks>
internal static class ReferenceProduct
{
    /// <summary>Extents that right-hand rows must be padded to.</summary>
    public static readonly int Lanes = 2 * Vector<double>.Count;

    /// <summary><paramref name="count"/> rounded up to <see cref="Lanes"/>.</summary>
    public static int Pad(int count) => (count + Lanes - 1) / Lanes * Lanes;

    /// <summary>c[m, n] += Σ_k a[m, k] · b[k, n] for m &lt; rows, n &lt; columns.</summary>
    /// <param name="a">Left rows.</param>
    /// <param name="aStride">Elements from one left row to the next.</param>
    /// <param name="b">Right rows of <see cref="Pad"/>(<paramref name="columns"/>) elements each.</param>
    /// <param name="c">Result rows.</param>
    /// <param name="cStride">Elements from one result row to the next.</param>
    /// <param name="rows">Rows of a and c.</param>
    /// <param name="terms">Columns of a, rows of b.</param>
    /// <param name="columns">Columns of b and c.</param>
    public static void Add(ReadOnlySpan<double> a, int aStride, ReadOnlySpan<double> b, Span<double> c, int cStride, int rows, int terms, int columns)
    {
        if (terms == 0)
            return;
        int padded = Pad(columns);
        Span<double> sums = stackalloc double[4 * Lanes];
        for (int n = 0; n < columns; n += Lanes)
        {
            int width = Math.Min(Lanes, columns - n);
            for (int m = 0; m < rows; m += 4)
            {
                int height = Math.Min(4, rows - m);
                sums.Clear();
                for (int i = 0; i < height; i++)
                    c.Slice((m + i) * cStride + n, width).CopyTo(sums[(i * Lanes)..]);
                // A block of fewer than four rows repeats its last one; what that gives is dropped.
                Block(
                    a.Slice(m * aStride, terms),
                    a.Slice((m + Math.Min(1, height - 1)) * aStride, terms),
                    a.Slice((m + Math.Min(2, height - 1)) * aStride, terms),
                    a.Slice((m + height - 1) * aStride, terms),
                    b[n..], padded, sums);
                for (int i = 0; i < height; i++)
                    sums.Slice(i * Lanes, width).CopyTo(c[((m + i) * cStride + n)..]);
            }
        }
    }

    private static void Block(
        ReadOnlySpan<double> a0, ReadOnlySpan<double> a1, ReadOnlySpan<double> a2, ReadOnlySpan<double> a3, ReadOnlySpan<double> b, int bStride, Span<double> sums)
    {
        var v = MemoryMarshal.Cast<double, Vector<double>>(sums);
        Vector<double> s00 = v[0], s01 = v[1], s10 = v[2], s11 = v[3], s20 = v[4], s21 = v[5], s30 = v[6], s31 = v[7];
        for (int k = 0; k < a0.Length; k++)
        {
            var row = b.Slice(k * bStride, Lanes);
            var b0 = new Vector<double>(row);
            var b1 = new Vector<double>(row[Vector<double>.Count..]);
            s00 += b0 * a0[k];
            s01 += b1 * a0[k];
            s10 += b0 * a1[k];
            s11 += b1 * a1[k];
            s20 += b0 * a2[k];
            s21 += b1 * a2[k];
            s30 += b0 * a3[k];
            s31 += b1 * a3[k];
        }

        (v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]) = (s00, s01, s10, s11, s20, s21, s30, s31);
    }
}
