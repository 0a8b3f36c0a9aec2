using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>What the two contextual layers share: a static context from a convolution, a dynamic one from an aggregation of each 3×3
/// neighbourhood with weights of its own, and a choice between the two for each channel.</summary>
/// <remarks>
/// <para>k = ReLU(BN(conv(x))) is the static context. x and k together give, through two 1×1 convolutions and a group norm, nine weights for
/// each position and each eighth channel; with them the values v = BN(conv(x)) are aggregated: l = SiLU(BN(<see cref="LocalAggregationOp"/>)).
/// From the mean of l + k over the plane two layers make a softmax between l and k, as split attention does between its splits.</para>
/// <para>Source: Li et al. 2021, arXiv:2107.12292; keys as in the authors' code: key_embed, embed, conv1x1, bn, se.</para>
/// </remarks>
public abstract class ContextualAttention : Module
{
    private const int Taps = 9;
    private const int ChannelsPerWindow = 8;

    private readonly int _channels;
    private readonly int _groups;
    private readonly Sequential _key;
    private readonly Sequential _weights;
    private readonly Sequential _values;
    private readonly BatchNorm2d _norm;
    private readonly Sequential _choice;

    /// <param name="channels">D, of input and output.</param>
    /// <param name="keyGroups">Groups of the static context's convolution.</param>
    /// <param name="groups">Parts of the channels that have windows of their own, with 1×1 convolutions in as many groups.</param>
    private protected ContextualAttention(int channels, int keyGroups, int groups)
    {
        if (channels < 1 || channels % (ChannelsPerWindow * groups) != 0)
            throw new ShapeException($"contextual attention: {channels} channels must be a positive multiple of {ChannelsPerWindow * groups}");
        (_channels, _groups) = (channels, groups);
        int windows = channels / ChannelsPerWindow, hidden = channels / 2, chosen = Math.Max(channels / 2, 32);
        _key = Child("key_embed", new Sequential(
            Layer.Conv(channels, channels, kernel: 3, padding: 1, groups: keyGroups), Layer.Norm(channels), new Relu()));
        _weights = Child("embed", new Sequential(
            Layer.Conv(2 * channels, hidden, kernel: 1, groups: groups), Layer.Norm(hidden), new Relu(),
            Layer.Conv(hidden, Taps * windows, kernel: 1, groups: groups, bias: true), new GroupNorm(windows, Taps * windows)));
        _values = Child("conv1x1", new Sequential(Layer.Conv(channels, channels, kernel: 1, groups: groups), Layer.Norm(channels)));
        _norm = Child("bn", Layer.Norm(channels));
        _choice = Child("se", new Sequential(
            Layer.Conv(channels, chosen, kernel: 1, bias: true), Layer.Norm(chosen), new Relu(),
            Layer.Conv(chosen, 2 * channels, kernel: 1, bias: true)));
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        if (x.Shape.Rank != 4 || x.Shape[1] != _channels)
            throw new ShapeException($"contextual attention: the input must be [N, {_channels}, H, W], got {x.Spec}");
        var key = _key.Forward(x);
        var local = _norm.Forward(Aggregate(_values.Forward(x), _weights.Forward(Join(x, key)))).Silu();
        // The last layer's channels are pairs (local, key): every channel is a cardinal group of its own with two splits.
        var contexts = Tensor.Concat(1, local, key);
        var choice = _choice.Forward(contexts.RadixSumGlobalAvgPool(radix: 2)).RadixSoftmax(radix: 2, cardinality: _channels);
        return contexts.AttentionWeightedSum(choice, radix: 2);
    }

    /// <summary>The input and its static context as one map of 2·D channels.</summary>
    private protected abstract Tensor Join(Tensor x, Tensor key);

    private Tensor Aggregate(Tensor values, Tensor weights)
    {
        var (n, height, width) = (values.Shape[0], values.Shape[2], values.Shape[3]);
        // Groups have windows of their own: they become samples.
        var parts = values.Reshape([n * _groups, _channels / _groups, height, width]);
        var windows = weights.Reshape([n * _groups, _channels / ChannelsPerWindow / _groups, Taps, height, width]);
        return parts.LocalAggregation(windows).Reshape(values.Shape);
    }
}
