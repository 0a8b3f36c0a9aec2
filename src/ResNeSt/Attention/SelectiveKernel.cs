using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Convolutions of different extent side by side; each channel chooses between them.</summary>
/// <remarks>
/// <para>u_m = ReLU(BN(conv_m(x))), with dilation m + 1 standing for the larger kernel; a = fc_select(ReLU(BN(fc_reduce(mean of Σ u_m))));
/// y = Σ_m softmax_m(a) · u_m. The branches lie one behind the other as the splits of <see cref="SplitAttention"/> do, so the same
/// operators choose.</para>
/// <para>Source: Li et al. 2019, arXiv:1903.06586; with split input each branch sees its share of the channels, as in timm's skresnet.
/// Keys: paths.M.conv, paths.M.bn, attn.fc_reduce, attn.bn, attn.fc_select.</para>
/// </remarks>
public sealed class SelectiveKernel : Module
{
    private readonly Module[] _branches;
    private readonly Sequential _attention;
    private readonly bool _splitInput;

    /// <param name="inputChannels">C_in.</param>
    /// <param name="channels">C.</param>
    /// <param name="hidden">Channels of the attention's hidden layer; the paper has max(C / 16, 32).</param>
    /// <param name="stride">Step.</param>
    /// <param name="dilation">Distance of the taps of the first branch.</param>
    /// <param name="groups">Groups of each branch.</param>
    /// <param name="branches">M, at least two.</param>
    /// <param name="splitInput">Each branch sees C_in / M channels of its own instead of all.</param>
    /// <exception cref="ShapeException">Fewer than two branches, or M does not divide a split input.</exception>
    public SelectiveKernel(int inputChannels, int channels, int hidden, int stride = 1, int dilation = 1, int groups = 32, int branches = 2, bool splitInput = false)
    {
        if (branches < 2 || (splitInput && inputChannels % branches != 0))
            throw new ShapeException($"selective kernel: {branches} branches: needs at least two, and they must divide {inputChannels} channels of a split input");
        _splitInput = splitInput;
        int branchInput = splitInput ? inputChannels / branches : inputChannels;
        _branches = new Module[branches];
        for (int i = 0; i < branches; i++)
        {
            int reach = dilation * (i + 1);
            _branches[i] = new Sequential
            {
                { "conv", Layer.Conv(branchInput, channels, kernel: 3, stride, padding: reach, dilation: reach, groups: Math.Min(channels, groups)) },
                { "bn", Layer.Norm(channels) },
                { "act", new Relu() },
            };
        }

        Child("paths", new Sequential(_branches));
        _attention = Child("attn", new Sequential
        {
            { "fc_reduce", Layer.Conv(channels, hidden, kernel: 1) },
            { "bn", Layer.Norm(hidden) },
            { "act", new Relu() },
            { "fc_select", Layer.Conv(hidden, channels * branches, kernel: 1) },
        });
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        int count = _branches.Length;
        var inputs = _splitInput ? x.Chunk(count, axis: 1) : Enumerable.Repeat(x, count).ToArray();
        var branches = Tensor.Concat(1, [.. _branches.Zip(inputs, (branch, input) => branch.Forward(input))]);
        var attention = _attention.Forward(branches.RadixSumGlobalAvgPool(count)).RadixSoftmax(count, cardinality: 1);
        return branches.AttentionWeightedSum(attention, count);
    }
}
