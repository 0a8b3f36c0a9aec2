namespace ResNeSt.Models;

/// <summary>The relatives of ResNeSt as options of the one skeleton, from ResNet on.</summary>
internal static class ResidualFamily
{
    private static readonly int[] Depth18 = [2, 2, 2, 2], Depth50 = [3, 4, 6, 3], Depth101 = [3, 4, 23, 3], Depth152 = [3, 8, 36, 3];

    private static readonly ResNetOptions Plain = new() { Depths = Depth50 };
    private static readonly ResNetOptions Basic = Plain with { Block = BlockKind.Basic };
    private static readonly ResNetOptions FormC = Plain with { Stem = StemKind.Deep };
    private static readonly ResNetOptions FormD = FormC with { Shortcut = ShortcutKind.AverageDown };
    private static readonly ResNetOptions FormT = FormD with { Stem = StemKind.Tiered };
    private static readonly ResNetOptions Next32X4 = Plain with { Cardinality = 32, BottleneckWidth = 4 };
    private static readonly ResNetOptions Next32X8 = Next32X4 with { Depths = Depth101, BottleneckWidth = 8 };

    private static readonly AttentionOptions Se = new() { Kind = AttentionKind.SqueezeExcitation, HiddenMultiple = 8 };

    private static readonly ResNetOptions OriginalNext = Next32X4 with
    {
        Keys = KeyStyle.Original,
        StemPool = StemPool.Ceiling,
        Attention = new() { Kind = AttentionKind.SqueezeExcitation, Key = "se_module" },
    };

    private static readonly ResNetOptions Original = OriginalNext with { Cardinality = 1, BottleneckWidth = 64, StrideInFirst = true };

    private static readonly ResNetOptions SeNet154 = Plain with
    {
        Depths = Depth152,
        Stem = StemKind.Deep,
        StemWidth = 64,
        Cardinality = 64,
        BottleneckWidth = 4,
        FirstWidthDivisor = 2,
        ShortcutKernel = 3,
        Attention = Se,
    };

    private static readonly ResNetOptions SkBasic = Basic with
    {
        Keys = KeyStyle.Paired,
        Attention = new() { Kind = AttentionKind.SelectiveKernel, Reduction = 8, HiddenMultiple = 16, SplitInput = true },
    };

    private static readonly ResNetOptions SkSplit = Plain with
    {
        Keys = KeyStyle.Paired,
        Attention = new() { Kind = AttentionKind.SelectiveKernel, HiddenMultiple = 8, SplitInput = true },
    };

    private static readonly ResNetOptions Sk = Next32X4 with
    {
        Keys = KeyStyle.Paired,
        Attention = new() { Kind = AttentionKind.SelectiveKernel, HiddenMultiple = 32 },
    };

    private static readonly AttentionOptions Cbam = new() { Kind = AttentionKind.ConvolutionalAttention, Key = "cbam" };

    private static readonly AttentionOptions Context = new() { Kind = AttentionKind.GlobalContext, Key = "context_block", Stages = [1, 2, 3] };

    private static readonly ResNetOptions NonLocal = Plain with
    {
        Attention = new() { Kind = AttentionKind.NonLocal, Place = AttentionPlace.Input, Key = "non_local", Reduction = 2, Stages = [2], LastBlockOnly = true },
    };

    private static readonly ResNetOptions ContextT = Plain with
    {
        Keys = KeyStyle.Numbered,
        Stem = StemKind.Tiered,
        StemPool = StemPool.None,
        Attention = new() { Kind = AttentionKind.GlobalContext, Place = AttentionPlace.Middle, Key = "attn", Reduction = 8 },
    };

    private static readonly ResNetOptions ContextTs = ContextT with { StemPool = StemPool.Padded, Activation = Activation.Silu };

    private static readonly ResNetOptions Contextual = Plain with
    {
        Attention = new() { Kind = AttentionKind.ContextualTransformer },
        ZeroLastGamma = true,
    };

    private static readonly ResNetOptions ContextualNext = Contextual with
    {
        Cardinality = 2,
        BottleneckWidth = 48,
        Attention = new() { Kind = AttentionKind.ContextualExtension },
    };

    private static readonly ResNetOptions ContextualD = FormD with
    {
        StemPool = StemPool.None,
        FirstStride = 2,
        Radix = 1,
        SplitActivation = Activation.Silu,
        Attention = new() { Kind = AttentionKind.ContextualTransformer, Stages = [2, 3], AlternatingStages = [2] },
        ZeroLastGamma = true,
    };

    /// <summary>Names and options.</summary>
    public static IReadOnlyList<(string Name, ResNetOptions Options)> All { get; } =
    [
        ("resnet18", Basic with { Depths = Depth18 }),
        ("resnet34", Basic),
        ("resnet50", Plain),
        ("resnet101", Plain with { Depths = Depth101 }),
        ("resnet152", Plain with { Depths = Depth152 }),
        ("wide_resnet50_2", Plain with { BottleneckWidth = 128 }),
        ("resnet50c", FormC),
        ("resnet50d", FormD),
        ("resnet101d", FormD with { Depths = Depth101 }),
        ("resnet152d", FormD with { Depths = Depth152 }),
        ("resnet50t", FormT),
        ("resnext50_32x4d", Next32X4),
        ("resnext101_32x4d", Next32X4 with { Depths = Depth101 }),
        ("resnext101_32x8d", Next32X8),
        ("resnext101_64x4d", Next32X4 with { Depths = Depth101, Cardinality = 64 }),

        ("seresnet18", Basic with { Depths = Depth18, Attention = Se }),
        ("seresnet34", Basic with { Attention = Se }),
        ("seresnet50", Plain with { Attention = Se }),
        ("seresnet101", Plain with { Depths = Depth101, Attention = Se }),
        ("seresnet152", Plain with { Depths = Depth152, Attention = Se }),
        ("seresnet50t", FormT with { Attention = Se }),
        ("seresnet152d", FormD with { Depths = Depth152, Attention = Se }),
        ("seresnext50_32x4d", Next32X4 with { Attention = Se }),
        ("seresnext101_32x4d", Next32X4 with { Depths = Depth101, Attention = Se }),
        ("seresnext101_32x8d", Next32X8 with { Attention = Se }),
        ("ecaresnet50d", FormD with { Attention = new() { Kind = AttentionKind.EfficientChannelAttention } }),
        ("senet154", SeNet154),
        ("legacy_seresnet50", Original),
        ("legacy_seresnet101", Original with { Depths = Depth101 }),
        ("legacy_seresnet152", Original with { Depths = Depth152 }),
        ("legacy_seresnext50_32x4d", OriginalNext),
        ("legacy_seresnext101_32x4d", OriginalNext with { Depths = Depth101 }),
        ("legacy_senet154", SeNet154 with { Keys = KeyStyle.Original, StemPool = StemPool.Ceiling, Attention = Original.Attention, FinalDropout = 0.2 }),

        ("sknet50", Sk),
        // The authors' deep network has half the hidden channels in its second stage.
        ("sknet101", Sk with { Depths = Depth101, Attention = Sk.Attention with { HiddenOfStages = [32, 16, 32, 64] } }),
        ("skresnet18", SkBasic with { Depths = Depth18 }),
        ("skresnet34", SkBasic),
        ("skresnet50", SkSplit),
        ("skresnet50d", SkSplit with { Stem = StemKind.Deep, Shortcut = ShortcutKind.AverageDown }),

        ("cbam_resnet18", Basic with { Depths = Depth18, Attention = Cbam }),
        ("cbam_resnet50", Plain with { Attention = Cbam }),
        ("cbam_resnet101", Plain with { Depths = Depth101, Attention = Cbam }),
        ("gc_resnet50_r16", Plain with { Attention = Context }),
        ("gc_resnet50_r4", Plain with { Attention = Context with { Reduction = 4 } }),
        ("nl_resnet50", NonLocal),
        ("gcresnet50t", ContextT),
        ("gcresnet33ts", ContextTs with { Depths = [2, 3, 3, 2], Planes = [64, 128, 384, 384], FinalChannels = 1280, StemPool = StemPool.None }),
        ("gcresnext26ts", ContextTs with { Depths = Depth18, GroupWidth = 32 }),
        ("gcresnext50ts", ContextTs with { GroupWidth = 32 }),

        ("cotnet50", Contextual),
        ("cotnet101", Contextual with { Depths = Depth101 }),
        ("cotnext50_2x48d", ContextualNext),
        ("cotnext101_2x48d", ContextualNext with { Depths = Depth101 }),
        ("se_cotnetd_50", ContextualD),
        ("se_cotnetd_101", ContextualD with { Depths = Depth101, StemWidth = 64 }),
        ("se_cotnetd_152", ContextualD with { Depths = Depth152, StemWidth = 64, BlurDown = true }),
    ];
}
