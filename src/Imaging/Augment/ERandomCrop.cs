using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>TensorFlow's sampled box as EfficientNet and ResNeSt use it: area 10 to 100 %, aspect 3/4 to 4/3, resized to a square;
/// the middle part of <see cref="EvaluationTransform.Official"/> where ten tries fail.</summary>
/// <param name="size">Side of the result.</param>
/// <param name="filter">Filter of the resize.</param>
public sealed class ERandomCrop(int size, ResizeFilter filter = ResizeFilter.Bilinear) : PictureAugmentation
{
    private const double LeastAspect = 3.0 / 4, MostAspect = 4.0 / 3, LeastArea = 0.1;

    private readonly EvaluationTransform _middle = EvaluationTransform.Official(size, filter);

    /// <inheritdoc/>
    public override Picture Apply(Picture picture, Generator generator) => Choose(picture.Width, picture.Height, generator) is { } box
        ? picture.Crop(box.Left, box.Top, box.Width, box.Height).Resize(size, size, filter)
        : _middle.Prepare(picture);

    private static (int Left, int Top, int Width, int Height)? Choose(int width, int height, Generator generator)
    {
        double least = LeastArea * width * height, most = (double)width * height;
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double aspect = LeastAspect + (MostAspect - LeastAspect) * generator.NextUniform();
            int lowest = Round(Math.Sqrt(least / aspect)), highest = Round(Math.Sqrt(most / aspect));
            if (Round(highest * aspect) > width)
            {
                highest = (int)((width + 0.5 - 1e-7) / aspect);
                if (Round(highest * aspect) > width)
                    highest--;
            }

            highest = Math.Min(highest, height);
            lowest = Math.Min(lowest, highest);
            int h = Round(lowest + (highest - lowest) * generator.NextUniform()), w = Round(h * aspect);
            double area = (double)w * h;
            if (area < least || area > most || w > width || h > height || w < 1 || h < 1)
                continue;
            if (w == width && h == height)
                return null;
            return (generator.NextInt(width - w + 1), generator.NextInt(height - h + 1), w, h);
        }

        return null;
    }

    private static int Round(double value) => (int)Math.Round(value, MidpointRounding.ToEven);
}
