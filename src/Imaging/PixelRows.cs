using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Imaging;

/// <summary>Converts rows of foreign pixel orders to interleaved RGB.</summary>
internal static class PixelRows
{
    public static int BytesPerPixel(PixelLayout layout) => layout switch
    {
        PixelLayout.Grey => 1,
        PixelLayout.Rgb or PixelLayout.Bgr => 3,
        PixelLayout.Rgba or PixelLayout.Bgra => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(layout), layout, "not a pixel layout"),
    };

    public static void ToRgb(ReadOnlySpan<byte> source, Span<byte> rgb, PixelLayout layout)
    {
        switch (layout)
        {
            case PixelLayout.Rgb:
                source[..rgb.Length].CopyTo(rgb);
                break;
            case PixelLayout.Grey:
                GreyToRgb(source, rgb);
                break;
            case PixelLayout.Bgr:
                Pick(source, rgb, 3, 2, 0);
                break;
            case PixelLayout.Rgba:
                Pick(source, rgb, 4, 0, 2);
                break;
            default:
                Pick(source, rgb, 4, 2, 0);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GreyToRgb(ReadOnlySpan<byte> grey, Span<byte> rgb)
    {
        int width = rgb.Length / 3, x = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; x <= width - 16; x += 16)
            {
                var v = Vector128.Create(grey.Slice(x, 16));
                InterleavedRgb.Store(v, v, v, rgb.Slice(3 * x, 48));
            }
        }

        for (; x < width; x++)
            rgb.Slice(3 * x, 3).Fill(grey[x]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PlanesToRgb(ReadOnlySpan<byte> red, ReadOnlySpan<byte> green, ReadOnlySpan<byte> blue, Span<byte> rgb)
    {
        int width = rgb.Length / 3, x = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; x <= width - 16; x += 16)
                InterleavedRgb.Store(Vector128.Create(red.Slice(x, 16)), Vector128.Create(green.Slice(x, 16)),
                    Vector128.Create(blue.Slice(x, 16)), rgb.Slice(3 * x, 48));
        }

        for (; x < width; x++)
            (rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2]) = (red[x], green[x], blue[x]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pick(ReadOnlySpan<byte> source, Span<byte> rgb, int step, int red, int blue)
    {
        for (int from = 0, to = 0; to <= rgb.Length - 3; from += step, to += 3)
        {
            var pixel = source.Slice(from, 3);
            var target = rgb.Slice(to, 3);
            (target[0], target[1], target[2]) = (pixel[red], pixel[1], pixel[blue]);
        }
    }
}
