using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Two-dimensional convolution with learned <c>weight</c> [out, in/groups, height, width] and optional <c>bias</c> [out].</summary>
public sealed class Conv2d : Module
{
    /// <summary>A convolution with a square window, alike in both directions.</summary>
    /// <param name="inputChannels">Channels of the input.</param>
    /// <param name="outputChannels">Channels of the output.</param>
    /// <param name="kernel">Extent of the window.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="padding">Zeros on every side.</param>
    /// <param name="dilation">Step between taps.</param>
    /// <param name="groups">Parts into which the channels are divided; divides both channel counts.</param>
    /// <param name="bias">Whether each output channel has a learned summand.</param>
    /// <exception cref="ShapeException">The groups do not divide the channels, or a number is not positive.</exception>
    public Conv2d(int inputChannels, int outputChannels, int kernel, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = true)
        : this(inputChannels, outputChannels, kernel, kernel, ConvGeometry.Of(stride, padding, dilation, groups), bias)
    {
    }

    /// <summary>A convolution of any geometry.</summary>
    /// <param name="inputChannels">Channels of the input.</param>
    /// <param name="outputChannels">Channels of the output.</param>
    /// <param name="kernelHeight">Rows of the window.</param>
    /// <param name="kernelWidth">Columns of the window.</param>
    /// <param name="geometry">Stride, padding, dilation and groups.</param>
    /// <param name="bias">Whether each output channel has a learned summand.</param>
    public Conv2d(int inputChannels, int outputChannels, int kernelHeight, int kernelWidth, ConvGeometry geometry, bool bias = true)
    {
        int groups = geometry.Groups;
        if (inputChannels < 1 || outputChannels < 1 || kernelHeight < 1 || kernelWidth < 1 || groups < 1
            || inputChannels % groups != 0 || outputChannels % groups != 0)
        {
            throw new ShapeException(
                $"Conv2d: {inputChannels} to {outputChannels} channels with a {kernelHeight}×{kernelWidth} window: all must be positive and {groups} groups must divide both");
        }

        Geometry = geometry;
        Weight = AddParameter("weight", [outputChannels, inputChannels / groups, kernelHeight, kernelWidth], Init.UniformFanIn);
        if (bias)
            Bias = AddParameter("bias", [outputChannels], Init.Uniform(1 / Math.Sqrt(Init.FanIn(Weight.Shape))));
    }

    /// <summary>Stride, padding, dilation and groups.</summary>
    public ConvGeometry Geometry { get; }

    /// <summary>The window [out, in/groups, height, width]; by default uniform in ±1/√fan_in.</summary>
    public Parameter Weight { get; }

    /// <summary>Summand of each output channel [out], or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Channels of the input.</summary>
    public int InputChannels => Weight.Shape[1] * Geometry.Groups;

    /// <summary>Channels of the output.</summary>
    public int OutputChannels => Weight.Shape[0];

    /// <summary>Convolves x [N, in, H, W].</summary>
    protected override Tensor Compute(Tensor x) => x.Conv2d(Weight.For(x), Bias?.For(x), Geometry);
}
