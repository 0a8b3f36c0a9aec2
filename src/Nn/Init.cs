using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>The usual initialisers.</summary>
public static class Init
{
    /// <summary>Zeros.</summary>
    public static Initializer Zeros { get; } = (_, _, _) => { };

    /// <summary>Ones.</summary>
    public static Initializer Ones { get; } = Constant(1);

    /// <summary>Normal with standard deviation √(2 / fan_out), fan_out = out · height · width: for layers before a ReLU, keeping the
    /// scale of gradients. The output channels are not divided by the groups. Source: He et al. 2015, arXiv:1502.01852.</summary>
    public static Initializer KaimingNormalFanOut { get; } = (values, shape, generator) =>
        FillNormal(values, Math.Sqrt(2.0 / FanOut(shape)), generator);

    /// <summary>Normal with standard deviation √(2 / fan_in), fan_in = in/groups · height · width: keeps the scale of activations.</summary>
    public static Initializer KaimingNormalFanIn { get; } = (values, shape, generator) =>
        FillNormal(values, Math.Sqrt(2.0 / FanIn(shape)), generator);

    /// <summary>Uniform in ±1/√fan_in: what PyTorch gives convolution and linear weights by default.</summary>
    public static Initializer UniformFanIn { get; } = (values, shape, generator) =>
        FillUniform(values, 1 / Math.Sqrt(FanIn(shape)), generator);

    /// <summary>One value everywhere.</summary>
    public static Initializer Constant(double value) => (values, _, _) => values.Fill(value);

    /// <summary>Normal with mean zero.</summary>
    public static Initializer Normal(double standardDeviation) => (values, _, generator) => FillNormal(values, standardDeviation, generator);

    /// <summary>Uniform in ±<paramref name="bound"/>.</summary>
    public static Initializer Uniform(double bound) => (values, _, generator) => FillUniform(values, bound, generator);

    /// <summary>Inputs that one output of a weight [out, in, ...] sees.</summary>
    public static int FanIn(Shape weight) => Math.Max(1, weight.Product(Math.Min(1, weight.Rank), weight.Rank));

    /// <summary>Outputs times taps of a weight [out, in, ...].</summary>
    public static int FanOut(Shape weight) => weight.Rank == 0 ? 1 : Math.Max(1, weight[0] * weight.Product(Math.Min(2, weight.Rank), weight.Rank));

    private static void FillNormal(Span<double> values, double standardDeviation, Generator generator)
    {
        foreach (ref double value in values)
            value = standardDeviation * generator.NextNormal();
    }

    private static void FillUniform(Span<double> values, double bound, Generator generator)
    {
        foreach (ref double value in values)
            value = bound * (2 * generator.NextUniform() - 1);
    }
}
