using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>One context of the whole picture, the same for all positions: y = x + t, or y = x · σ(t).</summary>
/// <remarks>c = Σ_i softmax_i(mask(x)_i) · x_i over all positions, or their mean; t = conv(ReLU(LayerNorm(conv(c)))).
/// Source: Cao et al. 2019, arXiv:1904.11492. Keys as in the authors' code: conv_mask, channel_add_conv.{0,1,3} or channel_mul_conv.{0,1,3};
/// timm's: conv_attn, mlp_add.{fc1,norm,fc2} or mlp_scale.{fc1,norm,fc2}.</remarks>
public sealed class GlobalContext : Module
{
    private readonly Conv2d? _mask;
    private readonly Sequential _transform;
    private readonly ContextFusion _fusion;

    /// <param name="channels">C.</param>
    /// <param name="hidden">Channels between the two layers of the transform; the paper has C / 16.</param>
    /// <param name="pooling">How positions are summed up.</param>
    /// <param name="fusion">How the context meets the map.</param>
    /// <param name="timmKeys">Keys, and the norm's epsilon, of timm instead of the authors'.</param>
    public GlobalContext(int channels, int hidden, ContextPooling pooling = ContextPooling.Attention, ContextFusion fusion = ContextFusion.Add, bool timmKeys = false)
    {
        _fusion = fusion;
        if (pooling == ContextPooling.Attention)
            _mask = Child(timmKeys ? "conv_attn" : "conv_mask", Layer.Conv(channels, 1, kernel: 1, bias: true));
        var last = Layer.Conv(hidden, channels, kernel: 1, bias: true);
        last.Weight.Initializer = Init.Zeros;
        last.Bias!.Initializer = Init.Zeros;
        string[] keys = timmKeys ? ["fc1", "norm", "act", "fc2"] : ["0", "1", "2", "3"];
        _transform = Child((timmKeys, fusion) switch
        {
            (true, ContextFusion.Add) => "mlp_add",
            (true, _) => "mlp_scale",
            (false, ContextFusion.Add) => "channel_add_conv",
            (false, _) => "channel_mul_conv",
        }, new Sequential
        {
            { keys[0], Layer.Conv(channels, hidden, kernel: 1, bias: true) },
            { keys[1], new ContextNorm(hidden, flat: timmKeys) },
            { keys[2], new Relu() },
            { keys[3], last },
        });
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        var context = _mask is null ? x.GlobalAvgPool(keepAxes: true) : AttentionPooling.Pool(x, _mask.Forward(x));
        var transformed = _transform.Forward(context);
        return _fusion == ContextFusion.Add ? x + transformed : x * transformed.Sigmoid();
    }
}

/// <summary>How <see cref="GlobalContext"/> sums up the positions.</summary>
public enum ContextPooling
{
    /// <summary>Weighted by a softmax of learned logits.</summary>
    Attention,

    /// <summary>All alike.</summary>
    Average,
}

/// <summary>How the context of <see cref="GlobalContext"/> meets the map.</summary>
public enum ContextFusion
{
    /// <summary>It is added.</summary>
    Add,

    /// <summary>Its sigmoid is a factor.</summary>
    Multiply,
}
