using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Deformable convolution with learned <c>weight</c> [out, in/groups, kernel, kernel] and optional <c>bias</c> [out]: a second
/// convolution of the same input says by how much each tap is moved and, in the masked version, how much it counts.</summary>
/// <remarks>
/// <para>The channels of that second convolution: for each offset group and tap a pair of row and column; behind all of them, if masked, the
/// logits of the factors. It begins at zero: the taps stay, and every factor is one half.</para>
/// <para>Sources: Dai et al. 2017, arXiv:1703.06211, and Zhu et al. 2018, arXiv:1811.11168.</para>
/// </remarks>
public sealed class DeformConv2d : Module
{
    private readonly Module _offsets;
    private readonly int _offsetGroups;
    private readonly bool _masked;

    /// <param name="inputChannels">Channels of the input.</param>
    /// <param name="outputChannels">Channels of the output.</param>
    /// <param name="kernel">Extent of the window.</param>
    /// <param name="geometry">Stride, padding, dilation and groups.</param>
    /// <param name="offsetGroups">Parts of the input channels that move on their own.</param>
    /// <param name="masked">Whether taps are weighed too: the second version.</param>
    /// <param name="bias">Whether each output channel has a learned summand.</param>
    /// <param name="offsets">What gives the offsets, of another module's keys; left out, one as <see cref="Offsets"/> makes it, under the key <c>offset</c>.</param>
    /// <exception cref="ShapeException">The groups do not divide the channels, or a number is not positive.</exception>
    public DeformConv2d(int inputChannels, int outputChannels, int kernel, ConvGeometry geometry, int offsetGroups = 1, bool masked = true, bool bias = true,
        Module? offsets = null)
    {
        int groups = geometry.Groups;
        if (inputChannels < 1 || outputChannels < 1 || kernel < 1 || groups < 1 || offsetGroups < 1
            || inputChannels % groups != 0 || outputChannels % groups != 0 || inputChannels % offsetGroups != 0)
        {
            throw new ShapeException($"DeformConv2d: {inputChannels} to {outputChannels} channels with a {kernel}×{kernel} window: "
                + $"all must be positive, {groups} groups must divide both and {offsetGroups} offset groups the input's");
        }

        (Geometry, _offsetGroups, _masked) = (geometry, offsetGroups, masked);
        Weight = AddParameter("weight", [outputChannels, inputChannels / groups, kernel, kernel], Init.UniformFanIn);
        if (bias)
            Bias = AddParameter("bias", [outputChannels], Init.Uniform(1 / Math.Sqrt(Init.FanIn(Weight.Shape))));
        _offsets = offsets ?? Child("offset", Offsets(inputChannels, kernel, geometry, offsetGroups, masked));
    }

    /// <summary>Stride, padding, dilation and groups.</summary>
    public ConvGeometry Geometry { get; }

    /// <summary>The window [out, in/groups, kernel, kernel].</summary>
    public Parameter Weight { get; }

    /// <summary>Summand of each output channel [out], or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>A convolution of the same geometry that gives offsets, and the logits of the mask behind them; weight and bias begin at zero.</summary>
    /// <param name="inputChannels">Channels of the input.</param>
    /// <param name="kernel">Extent of the window.</param>
    /// <param name="geometry">Geometry of the deformable convolution; its groups do not matter.</param>
    /// <param name="offsetGroups">Parts of the input channels that move on their own.</param>
    /// <param name="masked">Whether taps are weighed too.</param>
    /// <param name="groups">Groups of this convolution itself.</param>
    public static Conv2d Offsets(int inputChannels, int kernel, ConvGeometry geometry, int offsetGroups, bool masked, int groups = 1)
    {
        var conv = new Conv2d(inputChannels, (masked ? 3 : 2) * kernel * kernel * offsetGroups, kernel, kernel, geometry with { Groups = groups });
        conv.Weight.Initializer = Init.Zeros;
        conv.Bias!.Initializer = Init.Zeros;
        return conv;
    }

    /// <summary>Convolves x [N, in, H, W].</summary>
    protected override Tensor Compute(Tensor x)
    {
        var moved = _offsets.Forward(x);
        int offsets = 2 * Weight.Shape.Product(2, 4) * _offsetGroups;
        return _masked
            ? x.DeformConv2d(moved.Slice(1, 0, offsets), moved.Slice(1, offsets, offsets / 2).Sigmoid(), Weight.For(x), Bias?.For(x), Geometry, _offsetGroups)
            : x.DeformConv2d(moved, null, Weight.For(x), Bias?.For(x), Geometry, _offsetGroups);
    }
}
