using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Mirrors left and right, or not.</summary>
/// <param name="probability">How often.</param>
public sealed class HorizontalFlip(double probability = 0.5) : PictureAugmentation
{
    /// <inheritdoc/>
    public override Picture Apply(Picture picture, Generator generator) => generator.NextUniform() < probability ? Mirror(picture) : picture;

    /// <summary>The picture mirrored left and right.</summary>
    public static Picture Mirror(Picture picture)
    {
        var result = Picture.Uninitialized(picture.Width, picture.Height);
        for (int y = 0; y < picture.Height; y++)
        {
            var from = picture.Row(y);
            var to = result.Row(y);
            for (int x = 0, back = from.Length - 3; back >= 0; x += 3, back -= 3)
                from.Slice(back, 3).CopyTo(to[x..]);
        }

        return result;
    }
}
