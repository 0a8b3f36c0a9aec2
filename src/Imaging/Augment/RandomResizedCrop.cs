using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>A random part of random area and aspect, resized to a square: torchvision's RandomResizedCrop.</summary>
/// <param name="size">Side of the result.</param>
/// <param name="leastArea">Least area of the part by that of the picture.</param>
/// <param name="filter">Filter of the resize.</param>
public sealed class RandomResizedCrop(int size, double leastArea = 0.08, ResizeFilter filter = ResizeFilter.Bilinear) : PictureAugmentation
{
    private const double LeastAspect = 3.0 / 4, MostAspect = 4.0 / 3;

    /// <inheritdoc/>
    public override Picture Apply(Picture picture, Generator generator)
    {
        var (left, top, width, height) = Choose(picture.Width, picture.Height, generator);
        return picture.Crop(left, top, width, height).Resize(size, size, filter);
    }

    private (int Left, int Top, int Width, int Height) Choose(int width, int height, Generator generator)
    {
        double area = (double)width * height;
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double target = area * (leastArea + (1 - leastArea) * generator.NextUniform());
            double logarithm = Math.Log(LeastAspect) + (Math.Log(MostAspect) - Math.Log(LeastAspect)) * generator.NextUniform();
            double aspect = Math.Exp(logarithm);
            int w = (int)Math.Round(Math.Sqrt(target * aspect)), h = (int)Math.Round(Math.Sqrt(target / aspect));
            if (w > 0 && w <= width && h > 0 && h <= height)
                return (generator.NextInt(width - w + 1), generator.NextInt(height - h + 1), w, h);
        }

        // The largest middle part of an allowed aspect.
        double ratio = (double)width / height;
        int cropWidth = ratio > MostAspect ? (int)Math.Round(height * MostAspect) : width;
        int cropHeight = ratio < LeastAspect ? (int)Math.Round(width / LeastAspect) : height;
        return ((width - cropWidth) / 2, (height - cropHeight) / 2, cropWidth, cropHeight);
    }
}
