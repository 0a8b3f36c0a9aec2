namespace ResNeSt.Models;

/// <summary>Which attention the blocks of a network have, where it stands, and what its kind may choose.</summary>
public sealed record AttentionOptions
{
    /// <summary>No attention.</summary>
    public static AttentionOptions None { get; } = new();

    /// <summary>Which attention.</summary>
    public AttentionKind Kind { get; init; }

    /// <summary>Where in the block it stands; selective kernels always stand for the 3×3 convolution.</summary>
    public AttentionPlace Place { get; init; } = AttentionPlace.Residual;

    /// <summary>Its name in the block's keys.</summary>
    public string Key { get; init; } = "se";

    /// <summary>Hidden channels are the channels by this.</summary>
    public int Reduction { get; init; } = 16;

    /// <summary>Hidden channels are the nearest multiple of this, at least one; 0 cuts the fraction off.</summary>
    public int HiddenMultiple { get; init; }

    /// <summary>Hidden channels of each stage where no rule gives them; null for the rule.</summary>
    public IReadOnlyList<int>? HiddenOfStages { get; init; }

    /// <summary>Stages that have it, counted from zero.</summary>
    public IReadOnlyList<int> Stages { get; init; } = [0, 1, 2, 3];

    /// <summary>Those of these stages in which only every other block has it, beginning with the first.</summary>
    public IReadOnlyList<int> AlternatingStages { get; init; } = [];

    /// <summary>Only the last block of those stages has it.</summary>
    public bool LastBlockOnly { get; init; }

    /// <summary>Selective kernels: each branch sees its share of the input channels instead of all.</summary>
    public bool SplitInput { get; init; }

    /// <summary>Convolutional attention: which gate comes first.</summary>
    public GateOrder Order { get; init; }

    /// <summary>Global context: how positions are summed up.</summary>
    public ContextPooling Pooling { get; init; }

    /// <summary>Global context: how the context meets the map.</summary>
    public ContextFusion Fusion { get; init; }

    /// <summary>Non-local: how two positions are compared.</summary>
    public NonLocalForm Form { get; init; }

    /// <summary>Whether the original registers it behind the shortcut instead of in front of it.</summary>
    internal bool IsRegisteredLast => Kind is AttentionKind.ConvolutionalAttention or AttentionKind.GlobalContext
        or AttentionKind.NonLocal or AttentionKind.SimplifiedNonLocal;

    /// <summary>Whether it is a contextual layer, which stands for a 3×3 convolution of stride one.</summary>
    internal bool IsContextual => Kind is AttentionKind.ContextualTransformer or AttentionKind.ContextualExtension;

    /// <summary>Whether it stands for the 3×3 convolution.</summary>
    internal bool ReplacesConvolution => Kind == AttentionKind.SelectiveKernel || IsContextual;

    /// <summary>Hidden channels of this block, 0 for the rule.</summary>
    internal int FixedHidden { get; init; }

    /// <summary>Hidden channels for a map of <paramref name="channels"/>.</summary>
    internal int Hidden(int channels)
    {
        if (FixedHidden > 0)
            return FixedHidden;
        if (HiddenMultiple == 0)
            return Math.Max(1, channels / Reduction);
        double wanted = (double)channels / Reduction;
        return Math.Max(HiddenMultiple, (int)(wanted + HiddenMultiple / 2.0) / HiddenMultiple * HiddenMultiple);
    }

    /// <summary>What one block has: these options or <see cref="None"/>.</summary>
    internal AttentionOptions OfBlock(int stage, int block, bool isLast) =>
        !Stages.Contains(stage) || (LastBlockOnly && !isLast) || (AlternatingStages.Contains(stage) && block % 2 != 0) ? None
        : HiddenOfStages is null ? this
        : this with { FixedHidden = HiddenOfStages[stage] };
}

/// <summary>Where in a block an attention stands.</summary>
public enum AttentionPlace
{
    /// <summary>On the residual, behind its last batch norm and before the addition.</summary>
    Residual,

    /// <summary>On the narrow map behind the 3×3 convolution of a bottleneck.</summary>
    Middle,

    /// <summary>On the block's input.</summary>
    Input,
}
