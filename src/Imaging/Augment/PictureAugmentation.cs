using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>A random change of a training picture. What it does depends on the picture and the generator alone.</summary>
public abstract class PictureAugmentation
{
    /// <summary>The changed picture, or the same one; the input is left as it is.</summary>
    /// <param name="picture">A picture.</param>
    /// <param name="generator">Source of every choice.</param>
    public abstract Picture Apply(Picture picture, Generator generator);
}
