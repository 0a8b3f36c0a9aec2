using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>RandAugment (Cubuk et al. 2019, arXiv:1909.13719): a few operations drawn at random, all of one strength.</summary>
public sealed class RandAugment : PictureAugmentation
{
    private readonly AugmentKind[] _kinds;
    private readonly int _count;
    private readonly double _level;
    private readonly bool _timm;

    private RandAugment(AugmentKind[] kinds, int count, double level, bool timm)
    {
        _kinds = kinds;
        _count = count;
        _level = level;
        _timm = timm;
    }

    /// <summary>As in ResNeSt's PyTorch port: 16 operations, each draw applied about half the time, black fill, nearest pixels.</summary>
    /// <param name="count">Draws for each picture.</param>
    /// <param name="magnitude">Strength, 0 to 30.</param>
    public static RandAugment Port(int count = 2, double magnitude = 12) => new(Enum.GetValues<AugmentKind>(), count, magnitude / 30, timm: false);

    /// <summary>As timm's rand-m15-mstd0.5-n2 in CoTNet's recipe: 15 operations, half of the draws applied, mean fill, bicubic. The
    /// magnitude is clipped to 10, so that it always is the strongest.</summary>
    /// <param name="count">Draws for each picture.</param>
    /// <param name="magnitude">Strength, 0 to 10; clipped.</param>
    public static RandAugment Timm(int count = 2, double magnitude = 15) =>
        new([.. Enum.GetValues<AugmentKind>().Where(kind => kind != AugmentKind.Cutout)], count, Math.Min(magnitude, 10) / 10, timm: true);

    /// <inheritdoc/>
    public override Picture Apply(Picture picture, Generator generator)
    {
        for (int i = 0; i < _count; i++)
        {
            var kind = _kinds[generator.NextInt(_kinds.Length)];
            double threshold = _timm ? 0.5 : 0.2 + 0.6 * generator.NextUniform();
            bool applied = generator.NextUniform() <= threshold;
            bool negative = generator.NextUniform() > 0.5;
            double x = generator.NextUniform(), y = generator.NextUniform();
            if (applied)
                picture = _timm ? ApplyTimm(picture, kind, negative) : ApplyPort(picture, kind, negative, x, y);
        }

        return picture;
    }

    private Picture ApplyPort(Picture picture, AugmentKind kind, bool negative, double x, double y)
    {
        double sign = negative ? -1 : 1;
        return kind switch
        {
            AugmentKind.Rotate => AffineWarp.Rotate(picture, sign * 30 * _level),
            AugmentKind.Posterize => Photometric.Posterize(picture, Math.Max(1, (int)(4 * _level))),
            AugmentKind.Solarize => Photometric.Solarize(picture, 256 * _level),
            AugmentKind.ShearX => AffineWarp.ShearX(picture, sign * 0.3 * _level, bicubic: false),
            AugmentKind.ShearY => AffineWarp.ShearY(picture, sign * 0.3 * _level, bicubic: false),
            AugmentKind.TranslateX => AffineWarp.Translate(picture, sign * 100 * _level, 0, bicubic: false),
            AugmentKind.TranslateY => AffineWarp.Translate(picture, 0, sign * 100 * _level, bicubic: false),
            AugmentKind.Cutout => Cutout(picture, 40 * _level, x * picture.Width, y * picture.Height),
            _ => Colour(picture, kind),
        };
    }

    private Picture ApplyTimm(Picture picture, AugmentKind kind, bool negative)
    {
        double sign = negative ? -1 : 1;
        (byte, byte, byte) mean = (124, 116, 104);
        return kind switch
        {
            AugmentKind.Rotate => AffineWarp.Rotate(picture, sign * 30 * _level, bicubic: true, mean),
            AugmentKind.Posterize => Photometric.Posterize(picture, (int)(4 * _level)),
            AugmentKind.Solarize => Photometric.Solarize(picture, (int)(256 * _level)),
            AugmentKind.ShearX => AffineWarp.ShearX(picture, sign * 0.3 * _level, bicubic: true, mean),
            AugmentKind.ShearY => AffineWarp.ShearY(picture, sign * 0.3 * _level, bicubic: true, mean),
            AugmentKind.TranslateX => AffineWarp.Translate(picture, sign * 0.45 * _level * picture.Width, 0, bicubic: true, mean),
            AugmentKind.TranslateY => AffineWarp.Translate(picture, 0, sign * 0.45 * _level * picture.Height, bicubic: true, mean),
            _ => Colour(picture, kind),
        };
    }

    private Picture Colour(Picture picture, AugmentKind kind)
    {
        double factor = 0.1 + 1.8 * _level;
        return kind switch
        {
            AugmentKind.AutoContrast => Photometric.AutoContrast(picture),
            AugmentKind.Equalize => Photometric.Equalize(picture),
            AugmentKind.Invert => Photometric.Invert(picture),
            AugmentKind.SolarizeAdd => Photometric.SolarizeAdd(picture, (int)(110 * _level)),
            AugmentKind.Color => Photometric.Saturation(picture, factor),
            AugmentKind.Contrast => Photometric.Contrast(picture, factor),
            AugmentKind.Brightness => Photometric.Brightness(picture, factor),
            AugmentKind.Sharpness => Photometric.Sharpness(picture, factor),
            _ => throw new InvalidOperationException($"no operation {kind}"),
        };
    }

    /// <summary>A filled rectangle with its right and lower edge, as ImageDraw draws it.</summary>
    private static Picture Cutout(Picture picture, double side, double centreX, double centreY)
    {
        var result = picture.Clone();
        int left = (int)Math.Max(0, centreX - side / 2), top = (int)Math.Max(0, centreY - side / 2);
        int right = (int)Math.Min(picture.Width, left + side), bottom = (int)Math.Min(picture.Height, top + side);
        for (int y = top; y <= Math.Min(bottom, picture.Height - 1); y++)
        {
            var row = result.Row(y);
            for (int x = left; x <= Math.Min(right, picture.Width - 1); x++)
                (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = (125, 123, 114);
        }

        return result;
    }
}
