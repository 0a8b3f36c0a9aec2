namespace ResNeSt.Imaging;

/// <summary>The eight EXIF orientations.</summary>
internal static class Orientation
{
    public static Picture Apply(Picture source, int orientation)
    {
        if (orientation is < 2 or > 8)
            return source.Clone();
        bool turned = orientation >= 5;
        int w = source.Width, h = source.Height;
        var result = Picture.Uninitialized(turned ? h : w, turned ? w : h);
        for (int y = 0; y < result.Height; y++)
        {
            var row = result.Row(y);
            for (int x = 0; x < result.Width; x++)
            {
                // Where the upright pixel (x, y) was stored; EXIF 2.32, tag 0x0112.
                var (sx, sy) = orientation switch
                {
                    2 => (w - 1 - x, y),
                    3 => (w - 1 - x, h - 1 - y),
                    4 => (x, h - 1 - y),
                    5 => (y, x),
                    6 => (y, h - 1 - x),
                    7 => (w - 1 - y, h - 1 - x),
                    _ => (w - 1 - y, x),
                };
                source.Row(sy).Slice(3 * sx, 3).CopyTo(row[(3 * x)..]);
            }
        }

        return result;
    }
}
