using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Black on every side, then a random part of the old size: the usual augmentation of CIFAR pictures.</summary>
/// <param name="padding">Pixels on every side.</param>
public sealed class PadCrop(int padding = 4) : PictureAugmentation
{
    /// <inheritdoc/>
    public override Picture Apply(Picture picture, Generator generator)
    {
        int shiftX = generator.NextInt(2 * padding + 1) - padding, shiftY = generator.NextInt(2 * padding + 1) - padding;
        var result = new Picture(picture.Width, picture.Height);
        int width = picture.Width - Math.Abs(shiftX);
        for (int y = Math.Max(0, -shiftY); y < Math.Min(picture.Height, picture.Height - shiftY) && width > 0; y++)
            picture.Row(y + shiftY).Slice(3 * Math.Max(0, shiftX), 3 * width).CopyTo(result.Row(y)[(3 * Math.Max(0, -shiftX))..]);
        return result;
    }
}
