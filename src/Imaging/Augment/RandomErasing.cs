using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Sets a random rectangle of a normalised picture to zero, or to noise. Source: Zhong et al. 2017, arXiv:1708.04896.</summary>
/// <param name="probability">How often.</param>
/// <param name="noise">Fill with standard normal values instead of zeros.</param>
public sealed class RandomErasing(double probability = 0.25, bool noise = false)
{
    private const double LeastArea = 0.02, MostArea = 1.0 / 3, LeastAspect = 0.3;

    /// <summary>Changes a picture in place.</summary>
    /// <param name="planes">[channels, height, width].</param>
    /// <param name="channels">Number of planes.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="generator">Source of every choice.</param>
    public void Apply(Span<float> planes, int channels, int height, int width, Generator generator)
    {
        if (!(generator.NextUniform() < probability))
            return;
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double area = (LeastArea + (MostArea - LeastArea) * generator.NextUniform()) * height * width;
            double aspect = Math.Exp(Math.Log(LeastAspect) * (1 - 2 * generator.NextUniform()));
            int h = (int)Math.Round(Math.Sqrt(area * aspect)), w = (int)Math.Round(Math.Sqrt(area / aspect));
            if (h < 1 || w < 1 || h >= height || w >= width)
                continue;
            int top = generator.NextInt(height - h + 1), left = generator.NextInt(width - w + 1);
            for (int c = 0; c < channels; c++)
            {
                for (int y = top; y < top + h; y++)
                {
                    foreach (ref float value in planes.Slice((c * height + y) * width + left, w))
                        value = noise ? (float)generator.NextNormal() : 0;
                }
            }

            return;
        }
    }
}
