using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>The ImageNet policy of AutoAugment: one of 25 pairs of operations, each applied with its own probability.</summary>
/// <remarks>Source: Cubuk et al. 2018, arXiv:1805.09501, as in ResNeSt's Gluon scripts: black fill, bicubic shear, nearest rotation.</remarks>
public sealed class AutoAugment : PictureAugmentation
{
    private static readonly (AugmentKind Kind, double Probability, int Magnitude)[][] Policy =
    [
        [(AugmentKind.Posterize, 0.4, 8), (AugmentKind.Rotate, 0.6, 9)],
        [(AugmentKind.Solarize, 0.6, 5), (AugmentKind.AutoContrast, 0.6, 5)],
        [(AugmentKind.Equalize, 0.8, 8), (AugmentKind.Equalize, 0.6, 3)],
        [(AugmentKind.Posterize, 0.6, 7), (AugmentKind.Posterize, 0.6, 6)],
        [(AugmentKind.Equalize, 0.4, 7), (AugmentKind.Solarize, 0.2, 4)],
        [(AugmentKind.Equalize, 0.4, 4), (AugmentKind.Rotate, 0.8, 8)],
        [(AugmentKind.Solarize, 0.6, 3), (AugmentKind.Equalize, 0.6, 7)],
        [(AugmentKind.Posterize, 0.8, 5), (AugmentKind.Equalize, 1.0, 2)],
        [(AugmentKind.Rotate, 0.2, 3), (AugmentKind.Solarize, 0.6, 8)],
        [(AugmentKind.Equalize, 0.6, 8), (AugmentKind.Posterize, 0.4, 6)],
        [(AugmentKind.Rotate, 0.8, 8), (AugmentKind.Color, 0.4, 0)],
        [(AugmentKind.Rotate, 0.4, 9), (AugmentKind.Equalize, 0.6, 2)],
        [(AugmentKind.Equalize, 0.0, 7), (AugmentKind.Equalize, 0.8, 8)],
        [(AugmentKind.Invert, 0.6, 4), (AugmentKind.Equalize, 1.0, 8)],
        [(AugmentKind.Color, 0.6, 4), (AugmentKind.Contrast, 1.0, 8)],
        [(AugmentKind.Rotate, 0.8, 8), (AugmentKind.Color, 1.0, 0)],
        [(AugmentKind.Color, 0.8, 8), (AugmentKind.Solarize, 0.8, 7)],
        [(AugmentKind.Sharpness, 0.4, 7), (AugmentKind.Invert, 0.6, 8)],
        [(AugmentKind.ShearX, 0.6, 5), (AugmentKind.Equalize, 1.0, 9)],
        [(AugmentKind.Color, 0.4, 0), (AugmentKind.Equalize, 0.6, 3)],
        [(AugmentKind.Equalize, 0.4, 7), (AugmentKind.Solarize, 0.2, 4)],
        [(AugmentKind.Solarize, 0.6, 5), (AugmentKind.AutoContrast, 0.6, 5)],
        [(AugmentKind.Invert, 0.6, 4), (AugmentKind.Equalize, 1.0, 8)],
        [(AugmentKind.Color, 0.6, 4), (AugmentKind.Contrast, 1.0, 8)],
        [(AugmentKind.Equalize, 0.8, 8), (AugmentKind.Equalize, 0.6, 3)],
    ];

    /// <summary>Number of pairs.</summary>
    public static int PolicyCount => Policy.Length;

    /// <inheritdoc/>
    public override Picture Apply(Picture picture, Generator generator)
    {
        foreach (var (kind, probability, magnitude) in Policy[generator.NextInt(Policy.Length)])
        {
            // Both draws always happen, so that one choice does not shift the next.
            bool applied = generator.NextUniform() < probability, negative = generator.NextUniform() < 0.5;
            if (applied)
                picture = Apply(picture, kind, magnitude, negative);
        }

        return picture;
    }

    /// <summary>One operation of the policy.</summary>
    /// <param name="picture">A picture.</param>
    /// <param name="kind">The operation.</param>
    /// <param name="magnitude">0 to 10.</param>
    /// <param name="negative">Turn or shear the other way.</param>
    public static Picture Apply(Picture picture, AugmentKind kind, int magnitude, bool negative)
    {
        int sign = negative ? -1 : 1;
        double factor = 0.1 + 0.18 * magnitude;
        return kind switch
        {
            AugmentKind.ShearX => AffineWarp.ShearX(picture, sign * 0.03 * magnitude),
            AugmentKind.ShearY => AffineWarp.ShearY(picture, sign * 0.03 * magnitude),
            AugmentKind.TranslateX => AffineWarp.Translate(picture, sign * magnitude, 0),
            AugmentKind.TranslateY => AffineWarp.Translate(picture, 0, sign * magnitude),
            AugmentKind.Rotate => AffineWarp.Rotate(picture, sign * 3 * magnitude),
            AugmentKind.AutoContrast => Photometric.AutoContrast(picture),
            AugmentKind.Equalize => Photometric.Equalize(picture),
            AugmentKind.Invert => Photometric.Invert(picture),
            AugmentKind.Solarize => Photometric.Solarize(picture, 256 - (int)(25.6 * magnitude)),
            AugmentKind.Posterize => Photometric.Posterize(picture, 4 - (int)(0.4 * magnitude)),
            AugmentKind.Color => Photometric.Saturation(picture, factor),
            AugmentKind.Contrast => Photometric.Contrast(picture, factor),
            AugmentKind.Brightness => Photometric.Brightness(picture, factor),
            AugmentKind.Sharpness => Photometric.Sharpness(picture, factor),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no operation of AutoAugment"),
        };
    }
}

/// <summary>The operations of automatic augmentation.</summary>
public enum AugmentKind
{
    /// <summary>Stretches each channel to the whole range.</summary>
    AutoContrast,

    /// <summary>Flattens each channel's histogram.</summary>
    Equalize,

    /// <summary>255 - v.</summary>
    Invert,

    /// <summary>Turns about the middle.</summary>
    Rotate,

    /// <summary>Keeps the highest bits.</summary>
    Posterize,

    /// <summary>Inverts bright values.</summary>
    Solarize,

    /// <summary>Adds, then inverts bright values.</summary>
    SolarizeAdd,

    /// <summary>Changes the saturation.</summary>
    Color,

    /// <summary>Changes the contrast.</summary>
    Contrast,

    /// <summary>Changes the brightness.</summary>
    Brightness,

    /// <summary>Smooths or sharpens.</summary>
    Sharpness,

    /// <summary>Shifts rows.</summary>
    ShearX,

    /// <summary>Shifts columns.</summary>
    ShearY,

    /// <summary>Fills a square.</summary>
    Cutout,

    /// <summary>Moves left or right.</summary>
    TranslateX,

    /// <summary>Moves up or down.</summary>
    TranslateY,
}
