using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Brightness, contrast and saturation by random factors, in random order.</summary>
/// <param name="strength">Factors lie in [1 - strength, 1 + strength].</param>
public sealed class ColorJitter(double strength = 0.4) : PictureAugmentation
{
    /// <inheritdoc/>
    public override Picture Apply(Picture picture, Generator generator)
    {
        Span<int> order = [0, 1, 2];
        for (int i = 2; i > 0; i--)
        {
            int j = generator.NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        foreach (int which in order)
        {
            double factor = Math.Max(0, 1 - strength) + (1 + strength - Math.Max(0, 1 - strength)) * generator.NextUniform();
            picture = which switch
            {
                0 => Photometric.Brightness(picture, factor),
                1 => Photometric.Contrast(picture, factor),
                _ => Photometric.Saturation(picture, factor),
            };
        }

        return picture;
    }
}
