using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Krizhevsky's lighting noise: a random step along the principal components of ImageNet's colours, the same for every pixel.</summary>
/// <param name="deviation">Standard deviation of the steps.</param>
public sealed class PcaLighting(double deviation = 0.1)
{
    private static readonly double[] Roots = [0.2175, 0.0188, 0.0045];
    private static readonly double[,] Components =
    {
        { -0.5675, 0.7192, 0.4009 },
        { -0.5808, -0.0045, -0.8140 },
        { -0.5836, -0.6948, 0.4203 },
    };

    /// <summary>What is added to red, green and blue, in units where a full channel is 1.</summary>
    public ChannelValues Draw(Generator generator)
    {
        Span<double> shift = stackalloc double[3];
        for (int k = 0; k < 3; k++)
        {
            double step = deviation * generator.NextNormal() * Roots[k];
            for (int c = 0; c < 3; c++)
                shift[c] += Components[c, k] * step;
        }

        return new ChannelValues((float)shift[0], (float)shift[1], (float)shift[2]);
    }
}
