namespace ResNeSt.Imaging;

/// <summary>Affine maps on the same canvas with Pillow's arithmetic: output pixel (x, y) takes the input at (a·x + b·y + c, d·x + e·y + f).</summary>
public static class AffineWarp
{
    /// <summary>Turns about the middle, counter-clockwise, by nearest pixels (Pillow's Image.rotate) or bicubic.</summary>
    public static Picture Rotate(Picture picture, double degrees, bool bicubic = false, (byte R, byte G, byte B) fill = default)
    {
        degrees = (degrees % 360 + 360) % 360;
        if (degrees == 0)
            return picture.Clone();
        double angle = -(degrees * (Math.PI / 180));
        double cos = Math.Round(Math.Cos(angle), 15), sin = Math.Round(Math.Sin(angle), 15);
        double x = picture.Width / 2.0, y = picture.Height / 2.0;
        return Transform(picture, [cos, sin, cos * -x + sin * -y + 0.0 + x, -sin, cos, -sin * -x + cos * -y + 0.0 + y], bicubic, fill);
    }

    /// <summary>Shifts each row by <paramref name="amount"/> times its height.</summary>
    public static Picture ShearX(Picture picture, double amount, bool bicubic = true, (byte R, byte G, byte B) fill = default) =>
        Transform(picture, [1, amount, 0, 0, 1, 0], bicubic, fill);

    /// <summary>Shifts each column by <paramref name="amount"/> times its place.</summary>
    public static Picture ShearY(Picture picture, double amount, bool bicubic = true, (byte R, byte G, byte B) fill = default) =>
        Transform(picture, [1, 0, 0, amount, 1, 0], bicubic, fill);

    /// <summary>Moves by pixels: to the left and up for positive numbers.</summary>
    public static Picture Translate(Picture picture, double x, double y, bool bicubic = true, (byte R, byte G, byte B) fill = default) =>
        Transform(picture, [1, 0, x, 0, 1, y], bicubic, fill);

    private static Picture Transform(Picture source, ReadOnlySpan<double> map, bool bicubic, (byte R, byte G, byte B) fill)
    {
        var result = new Picture(source.Width, source.Height);
        if (fill != default)
        {
            var pixels = result.Pixels;
            for (int i = 0; i < pixels.Length; i += 3)
                (pixels[i], pixels[i + 1], pixels[i + 2]) = fill;
        }

        if (bicubic)
            Bicubic(source, result, map);
        else if (Math.Max(source.Width, source.Height) < 32768)
            NearestFixed(source, result, map);
        else
            Nearest(source, result, map);
        return result;
    }

    /// <summary>Pillow's affine_fixed: 16 fractional bits, stepped from pixel to pixel.</summary>
    private static void NearestFixed(Picture source, Picture result, ReadOnlySpan<double> map)
    {
        int a = Fix(map[0]), b = Fix(map[1]), d = Fix(map[3]), e = Fix(map[4]);
        int startX = Fix(map[2] + map[0] * 0.5 + map[1] * 0.5), startY = Fix(map[5] + map[3] * 0.5 + map[4] * 0.5);
        for (int y = 0; y < result.Height; y++, startX += b, startY += e)
        {
            var row = result.Row(y);
            int atX = startX, atY = startY;
            for (int x = 0; x < result.Width; x++, atX += a, atY += d)
            {
                int fromX = atX >> 16, fromY = atY >> 16;
                if ((uint)fromX < (uint)source.Width && (uint)fromY < (uint)source.Height)
                    source.Row(fromY).Slice(3 * fromX, 3).CopyTo(row[(3 * x)..]);
            }
        }

        static int Fix(double value) => (int)Math.Floor(value * 65536.0 + 0.5);
    }

    private static void Nearest(Picture source, Picture result, ReadOnlySpan<double> map)
    {
        for (int y = 0; y < result.Height; y++)
        {
            var row = result.Row(y);
            for (int x = 0; x < result.Width; x++)
            {
                var (fromX, fromY) = Map(map, x, y);
                if (fromX >= 0 && fromX < source.Width && fromY >= 0 && fromY < source.Height)
                    source.Row((int)fromY).Slice(3 * (int)fromX, 3).CopyTo(row[(3 * x)..]);
            }
        }
    }

    /// <summary>Pillow's bicubic_filter32RGB: a = -1, neighbours outside repeat the border, values are cut to whole numbers.</summary>
    private static void Bicubic(Picture source, Picture result, ReadOnlySpan<double> map)
    {
        Span<double> rows = stackalloc double[4];
        Span<int> columns = stackalloc int[4];
        for (int y = 0; y < result.Height; y++)
        {
            var row = result.Row(y);
            for (int x = 0; x < result.Width; x++)
            {
                var (fromX, fromY) = Map(map, x, y);
                if (!(fromX >= 0 && fromX < source.Width && fromY >= 0 && fromY < source.Height))
                    continue;
                int left = (int)Math.Floor(fromX - 0.5), top = (int)Math.Floor(fromY - 0.5);
                double dx = fromX - 0.5 - left, dy = fromY - 0.5 - top;
                for (int k = 0; k < 4; k++)
                    columns[k] = 3 * Math.Clamp(left - 1 + k, 0, source.Width - 1);
                for (int c = 0; c < 3; c++)
                {
                    for (int k = 0; k < 4; k++)
                    {
                        var from = source.Row(Math.Clamp(top - 1 + k, 0, source.Height - 1));
                        rows[k] = Cubic(from[columns[0] + c], from[columns[1] + c], from[columns[2] + c], from[columns[3] + c], dx);
                    }

                    double value = Cubic(rows[0], rows[1], rows[2], rows[3], dy);
                    row[3 * x + c] = value <= 0 ? (byte)0 : value >= 255 ? (byte)255 : (byte)value;
                }
            }
        }
    }

    private static (double X, double Y) Map(ReadOnlySpan<double> map, int x, int y)
    {
        double centreX = x + 0.5, centreY = y + 0.5;
        return (map[0] * centreX + map[1] * centreY + map[2], map[3] * centreX + map[4] * centreY + map[5]);
    }

    private static double Cubic(double v1, double v2, double v3, double v4, double d) =>
        v2 + d * (-v1 + v3 + d * (2 * (v1 - v2) + v3 - v4 + d * (-v1 + v2 - v3 + v4)));
}
