using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Imaging;

/// <summary>The row arithmetic of libjpeg's "fancy" upsampling: a triangle filter, three parts the nearer sample and one part the next.</summary>
internal static class Upsampling
{
    /// <summary>3 near + far for each sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far, Span<ushort> sums)
    {
        int x = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; x <= sums.Length - 16; x += 16)
            {
                var a = Vector128.Create(near.Slice(x, 16));
                var b = Vector128.Create(far.Slice(x, 16));
                var (low, high) = (Vector128.WidenLower(a), Vector128.WidenUpper(a));
                (low + low + low + Vector128.WidenLower(b)).CopyTo(sums.Slice(x, 8));
                (high + high + high + Vector128.WidenUpper(b)).CopyTo(sums.Slice(x + 8, 8));
            }
        }

        for (; x < sums.Length; x++)
            sums[x] = (ushort)(3 * near[x] + far[x]);
    }

    /// <summary>The samples themselves, as sums of one part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(ReadOnlySpan<byte> row, Span<ushort> sums)
    {
        int x = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; x <= sums.Length - 16; x += 16)
            {
                var v = Vector128.Create(row.Slice(x, 16));
                Vector128.WidenLower(v).CopyTo(sums.Slice(x, 8));
                Vector128.WidenUpper(v).CopyTo(sums.Slice(x + 8, 8));
            }
        }

        for (; x < sums.Length; x++)
            sums[x] = row[x];
    }

    /// <summary>(3 near + far + bias) / 4: doubling in the vertical direction alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BlendRows(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far, int bias, Span<byte> row)
    {
        int x = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            var add = Vector128.Create((ushort)bias);
            for (; x <= row.Length - 16; x += 16)
            {
                var a = Vector128.Create(near.Slice(x, 16));
                var b = Vector128.Create(far.Slice(x, 16));
                var (low, high) = (Vector128.WidenLower(a), Vector128.WidenUpper(a));
                low = (low + low + low + Vector128.WidenLower(b) + add) >> 2;
                high = (high + high + high + Vector128.WidenUpper(b) + add) >> 2;
                Vector128.Narrow(low, high).CopyTo(row.Slice(x, 16));
            }
        }

        for (; x < row.Length; x++)
            row[x] = (byte)((3 * near[x] + far[x] + bias) >> 2);
    }

    /// <summary>Doubles a row: the left half-sample (3 s[i] + s[i-1] + leftBias) >> shift, the right one likewise with s[i+1].</summary>
    /// <param name="sums">The samples with one copy of the first before and of the last behind them.</param>
    /// <param name="leftBias">Added for even outputs.</param>
    /// <param name="rightBias">Added for odd outputs.</param>
    /// <param name="shift">Bits to drop.</param>
    /// <param name="row">Twice as many samples.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Double(ReadOnlySpan<ushort> sums, int leftBias, int rightBias, int shift, Span<byte> row)
    {
        int n = sums.Length - 2, i = 0;
        if (Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            var left = Vector128.Create((ushort)leftBias);
            var right = Vector128.Create((ushort)rightBias);
            for (; i <= n - 8; i += 8)
            {
                var s = Vector128.Create(sums.Slice(i + 1, 8));
                s = s + s + s;
                var even = (s + Vector128.Create(sums.Slice(i, 8)) + left) >> shift;
                var odd = (s + Vector128.Create(sums.Slice(i + 2, 8)) + right) >> shift;
                (even | odd << 8).AsByte().CopyTo(row.Slice(2 * i, 16));
            }
        }

        for (; i < n; i++)
        {
            int s = 3 * sums[i + 1];
            row[2 * i] = (byte)((s + sums[i] + leftBias) >> shift);
            row[2 * i + 1] = (byte)((s + sums[i + 2] + rightBias) >> shift);
        }
    }
}
