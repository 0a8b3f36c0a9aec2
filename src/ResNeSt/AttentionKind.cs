namespace ResNeSt.Models;

/// <summary>The attentions of the family. Selective kernels and the contextual layers stand in place of a 3×3 convolution; the others weigh a map that is there.
/// Split attention, which also stands for the 3×3, is chosen by <see cref="ResNetOptions.Radix"/>.</summary>
public enum AttentionKind
{
    /// <summary>No attention.</summary>
    None,

    /// <summary><see cref="Models.SelectiveKernel"/>: each channel chooses between kernels of different extent.</summary>
    SelectiveKernel,

    /// <summary><see cref="Models.SqueezeExcitation"/>: a gate for each channel.</summary>
    SqueezeExcitation,

    /// <summary><see cref="Models.EfficientChannelAttention"/>: a gate for each channel from its neighbours (ECA).</summary>
    EfficientChannelAttention,

    /// <summary><see cref="Models.SpatialSqueeze"/>: a gate for each position.</summary>
    SpatialSqueeze,

    /// <summary><see cref="ConcurrentSqueezeExcitation"/>: a gate for each channel beside one for each position.</summary>
    ConcurrentSqueezeExcitation,

    /// <summary><see cref="ConvolutionalAttention"/>: a gate for each channel, then one for each position (CBAM).</summary>
    ConvolutionalAttention,

    /// <summary><see cref="Models.GlobalContext"/>: one context of the whole picture for all positions.</summary>
    GlobalContext,

    /// <summary><see cref="Models.NonLocal"/>: a context of the whole picture for each position.</summary>
    NonLocal,

    /// <summary><see cref="Models.SimplifiedNonLocal"/>: the context of a non-local block, computed once for all positions.</summary>
    SimplifiedNonLocal,

    /// <summary><see cref="Models.ContextualTransformer"/>: a static and a dynamic context of each neighbourhood (CoT).</summary>
    ContextualTransformer,

    /// <summary><see cref="Models.ContextualExtension"/>: the same with grouped convolutions (CoTNeXt).</summary>
    ContextualExtension,
}
