using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>torchvision's ToTensor and Normalize: (v / 255 - mean) / deviation in single precision, channels as planes.</summary>
public static class Normalization
{
    /// <summary>Writes [3, Height, Width].</summary>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(Picture picture, ChannelValues mean, ChannelValues deviation, Span<float> planes)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var pixels = picture.Pixels;
        if (planes.Length != pixels.Length)
            throw new ArgumentException($"{planes.Length} numbers for [3, {picture.Height}, {picture.Width}]", nameof(planes));
        int plane = pixels.Length / 3;
        // A channel has only 256 values, so a table is both exact and fast.
        Span<float> table = stackalloc float[256];
        for (int c = 0; c < 3; c++)
        {
            var (m, d) = c == 0 ? (mean.Red, deviation.Red) : c == 1 ? (mean.Green, deviation.Green) : (mean.Blue, deviation.Blue);
            for (int v = 0; v < 256; v++)
                table[v] = (v / 255f - m) / d;
            var target = planes.Slice(c * plane, plane);
            for (int i = 0, from = c; i < target.Length; i++, from += 3)
                target[i] = table[pixels[from]];
        }
    }
}
