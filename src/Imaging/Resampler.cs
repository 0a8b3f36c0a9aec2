using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Imaging;

/// <summary>Pillow's resize (Resample.c): two passes, horizontal first, integer weights of 22 fractional bits, 8 bits between the passes.</summary>
internal static class Resampler
{
    public static Picture Apply(Picture source, int width, int height, ResizeFilter filter, ResizeBox box)
    {
        int w = source.Width, h = source.Height;
        Picture.ByteCount(width, height);
        // Written so that NaN fails.
        if (!(box.Left >= 0 && box.Top >= 0 && box.Right <= w && box.Bottom <= h && box.Left < box.Right && box.Top < box.Bottom))
            throw new ArgumentOutOfRangeException(nameof(box), $"{box} is not a part of a picture of {w} x {h}");

        bool across = width != w || box.Left != 0 || box.Right != width;
        bool down = height != h || box.Top != 0 || box.Bottom != height;
        if (!down)
            return across ? Horizontal(source, ResizeWeights.Make(w, box.Left, box.Right, width, filter), 0, h) : source.Clone();
        var rows = ResizeWeights.Make(h, box.Top, box.Bottom, height, filter);
        if (!across)
            return Vertical(source, rows, 0);
        // Only rows that the second pass looks at go through the first.
        int first = rows.First(0), last = rows.First(height - 1) + rows.Count(height - 1);
        var middle = Horizontal(source, ResizeWeights.Make(w, box.Left, box.Right, width, filter), first, last - first);
        return Vertical(middle, rows, first);
    }

    private static Picture Horizontal(Picture source, ResizeWeights columns, int firstRow, int rowCount)
    {
        var result = Picture.Uninitialized(columns.Length, rowCount);
        // Taps are taken four at a time, sixteen bytes for each four pixels; what lies behind the last tap has weight 0.
        byte[] padded = new byte[3 * (source.Width + ResizeWeights.Group) + 16];
        byte[] output = new byte[3 * columns.Length + 1];
        for (int y = 0; y < rowCount; y++)
        {
            source.Row(firstRow + y).CopyTo(padded);
            HorizontalRow(padded, columns, output);
            output.AsSpan(0, 3 * columns.Length).CopyTo(result.Row(y));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HorizontalRow(ReadOnlySpan<byte> source, ResizeWeights columns, Span<byte> target)
    {
        const byte n = 255;
        var spread = Vector128.Create((byte)0, 1, 2, n, 3, 4, 5, n, 6, 7, 8, n, 9, 10, 11, n);
        var pair = Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1);
        for (int x = 0; x < columns.Length; x++)
        {
            var weights = columns.Padded(x);
            int at = 3 * columns.First(x);
            Vector256<int> even = default, odd = default;
            for (int i = 0; i <= weights.Length - ResizeWeights.Group; i += ResizeWeights.Group, at += 3 * ResizeWeights.Group)
            {
                var pixels = Vector128.Shuffle(Vector128.Create(source.Slice(at, 16)), spread);
                var four = Vector256.Create(Vector128.Create(weights.Slice(i, ResizeWeights.Group)), default);
                even += Widen(Vector128.WidenLower(pixels)) * Vector256.Shuffle(four, pair);
                odd += Widen(Vector128.WidenUpper(pixels)) * Vector256.Shuffle(four, pair + Vector256.Create(2));
            }

            even += odd;
            var sum = Vector128.Max((even.GetLower() + even.GetUpper() + Vector128.Create(ResizeWeights.Half)) >> ResizeWeights.Bits, default);
            var words = Vector128.NarrowWithSaturation(sum.AsUInt32(), default);
            // The fourth byte is overwritten by the next pixel.
            MemoryMarshal.Write(target[(3 * x)..], Vector128.NarrowWithSaturation(words, words).AsUInt32().ToScalar());
        }
    }

    private static Picture Vertical(Picture source, ResizeWeights rows, int firstRow)
    {
        var result = Picture.Uninitialized(source.Width, rows.Length);
        for (int y = 0; y < rows.Length; y++)
        {
            var weights = rows.Of(y);
            int top = rows.First(y) - firstRow;
            var target = result.Row(y);
            int x = 0;
            for (; x <= target.Length - 16; x += 16)
                VerticalSixteen(source, top, weights, x, target.Slice(x, 16));
            for (; x < target.Length; x++)
            {
                int sum = ResizeWeights.Half;
                for (int i = 0; i < weights.Length; i++)
                    sum += source.Row(top + i)[x] * weights[i];
                target[x] = Clamp(sum >> ResizeWeights.Bits);
            }
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void VerticalSixteen(Picture source, int top, ReadOnlySpan<int> weights, int x, Span<byte> target)
    {
        var a = Vector256.Create(ResizeWeights.Half);
        var b = a;
        int stride = 3 * source.Width;
        var pixels = source.Pixels;
        for (int i = 0, at = top * stride + x; i < weights.Length; i++, at += stride)
        {
            var bytes = Vector128.Create<byte>(pixels.Slice(at, 16));
            var weight = Vector256.Create(weights[i]);
            a += Widen(Vector128.WidenLower(bytes)) * weight;
            b += Widen(Vector128.WidenUpper(bytes)) * weight;
        }

        Vector128.NarrowWithSaturation(Pack(a), Pack(b)).CopyTo(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<ushort> v) => Vector256.Create(Vector128.WidenLower(v), Vector128.WidenUpper(v)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Pack(Vector256<int> sums)
    {
        var v = Vector256.Max(sums >> ResizeWeights.Bits, Vector256<int>.Zero).AsUInt32();
        return Vector128.NarrowWithSaturation(v.GetLower(), v.GetUpper());
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
