namespace ResNeSt.Imaging;

/// <summary>Changes of colour with Pillow's arithmetic: ImageOps and ImageEnhance, bit for bit.</summary>
public static class Photometric
{
    /// <summary>255 - v.</summary>
    public static Picture Invert(Picture picture) => ThroughTable(picture, v => 255 - v);

    /// <summary>Inverts values from the threshold on.</summary>
    public static Picture Solarize(Picture picture, double threshold = 128) => ThroughTable(picture, v => v < threshold ? v : 255 - v);

    /// <summary>Keeps the highest bits of every value, 0 to 8.</summary>
    public static Picture Posterize(Picture picture, int bits)
    {
        int mask = ~((1 << (8 - Math.Clamp(bits, 0, 8))) - 1);
        return ThroughTable(picture, v => v & mask & 255);
    }

    /// <summary>Adds, clips, then solarizes.</summary>
    public static Picture SolarizeAdd(Picture picture, int addition, int threshold = 128) => ThroughTable(picture, v =>
    {
        int sum = Math.Clamp(v + addition, 0, 255);
        return sum < threshold ? sum : 255 - sum;
    });

    /// <summary>Stretches each channel to 0..255.</summary>
    public static Picture AutoContrast(Picture picture) => PerChannel(picture, histogram =>
    {
        int low = Array.FindIndex(histogram, count => count > 0), high = Array.FindLastIndex(histogram, count => count > 0);
        if (high <= low)
            return null;
        double scale = 255.0 / (high - low), offset = -low * scale;
        return v => (int)(v * scale + offset);
    });

    /// <summary>Makes the histogram of each channel as flat as a table can.</summary>
    public static Picture Equalize(Picture picture) => PerChannel(picture, histogram =>
    {
        int last = Array.FindLastIndex(histogram, count => count > 0);
        int step = (histogram.Sum() - histogram[last]) / 255;
        if (step == 0)
            return null;
        var table = new int[256];
        int sum = step / 2;
        for (int v = 0; v < 256; v++)
        {
            table[v] = sum / step;
            sum += histogram[v];
        }

        return v => table[v];
    });

    /// <summary>Between black (0), the picture (1) and beyond.</summary>
    public static Picture Brightness(Picture picture, double factor) => Blend(new Picture(picture.Width, picture.Height), picture, factor);

    /// <summary>Between the mean grey (0), the picture (1) and beyond.</summary>
    public static Picture Contrast(Picture picture, double factor)
    {
        var grey = Luma(picture);
        long sum = 0;
        foreach (byte value in grey)
            sum += value;
        var flat = new Picture(picture.Width, picture.Height);
        flat.Pixels.Fill((byte)(int)((double)sum / grey.Length + 0.5));
        return Blend(flat, picture, factor);
    }

    /// <summary>Between grey (0), the picture (1) and beyond.</summary>
    public static Picture Saturation(Picture picture, double factor)
    {
        var grey = Luma(picture);
        var flat = new Picture(picture.Width, picture.Height);
        var pixels = flat.Pixels;
        for (int i = 0; i < grey.Length; i++)
            pixels.Slice(3 * i, 3).Fill(grey[i]);
        return Blend(flat, picture, factor);
    }

    /// <summary>Between a smoothed picture (0), the picture (1) and beyond.</summary>
    public static Picture Sharpness(Picture picture, double factor) => Blend(Smooth(picture), picture, factor);

    /// <summary>Pillow's Image.blend: first + factor · (second - first), cut to whole numbers.</summary>
    internal static Picture Blend(Picture first, Picture second, double factor)
    {
        float share = (float)factor;
        if (share == 1)
            return second.Clone();
        var result = first.Clone();
        var target = result.Pixels;
        var other = second.Pixels;
        for (int i = 0; i < target.Length; i++)
        {
            float value = target[i] + share * (other[i] - target[i]);
            target[i] = value <= 0 ? (byte)0 : value >= 255 ? (byte)255 : (byte)value;
        }

        return result;
    }

    /// <summary>Pillow's conversion to L: ITU-R 601-2 luma.</summary>
    private static byte[] Luma(Picture picture)
    {
        var pixels = picture.Pixels;
        var grey = new byte[pixels.Length / 3];
        for (int i = 0; i < grey.Length; i++)
            grey[i] = (byte)((pixels[3 * i] * 19595 + pixels[3 * i + 1] * 38470 + pixels[3 * i + 2] * 7471 + 0x8000) >> 16);
        return grey;
    }

    /// <summary>ImageFilter.SMOOTH: weight 5 in the middle, 1 around, over 13; the border stays.</summary>
    private static Picture Smooth(Picture picture)
    {
        var result = picture.Clone();
        int stride = 3 * picture.Width;
        var from = picture.Pixels;
        var to = result.Pixels;
        for (int y = 1; y < picture.Height - 1; y++)
        {
            for (int i = y * stride + 3; i < (y + 1) * stride - 3; i++)
            {
                int sum = 4 * from[i];
                for (int row = i - stride; row <= i + stride; row += stride)
                    sum += from[row - 3] + from[row] + from[row + 3];
                to[i] = (byte)((2 * sum + 13) / 26);
            }
        }

        return result;
    }

    private static Picture ThroughTable(Picture picture, Func<int, int> map)
    {
        var table = new byte[256];
        for (int v = 0; v < 256; v++)
            table[v] = (byte)map(v);
        var result = picture.Clone();
        foreach (ref byte value in result.Pixels)
            value = table[value];
        return result;
    }

    private static Picture PerChannel(Picture picture, Func<int[], Func<int, int>?> plan)
    {
        var result = picture.Clone();
        var pixels = result.Pixels;
        for (int c = 0; c < 3; c++)
        {
            var histogram = new int[256];
            for (int i = c; i < pixels.Length; i += 3)
                histogram[pixels[i]]++;
            if (plan(histogram) is not { } map)
                continue;
            for (int i = c; i < pixels.Length; i += 3)
                pixels[i] = (byte)Math.Clamp(map(pixels[i]), 0, 255);
        }

        return result;
    }
}
