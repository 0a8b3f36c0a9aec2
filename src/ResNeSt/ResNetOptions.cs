using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>What makes one residual network differ from another: every network of the family is the same skeleton with other options.</summary>
public sealed record ResNetOptions
{
    /// <summary>Blocks in each of the four stages: [3, 4, 6, 3] for depth 50.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    /// <summary>Planes of each stage; a bottleneck puts out four times as many channels.</summary>
    public IReadOnlyList<int> Planes { get; init; } = [64, 128, 256, 512];

    /// <summary>What a block consists of.</summary>
    public BlockKind Block { get; init; }

    /// <summary>The function behind every convolution and every addition.</summary>
    public Activation Activation { get; init; }

    /// <summary>What stands before the first stage.</summary>
    public StemKind Stem { get; init; } = StemKind.Plain;

    /// <summary>Width of the deep stem's first convolutions; its output has twice as many channels, that of the small stem just as many.</summary>
    public int StemWidth { get; init; } = 32;

    /// <summary>What stands between the stem and the first stage.</summary>
    public StemPool StemPool { get; init; }

    /// <summary>Step of the first stage; 2 where no pool stands before it.</summary>
    public int FirstStride { get; init; } = 1;

    /// <summary>How a block's input reaches its output where shapes change.</summary>
    public ShortcutKind Shortcut { get; init; } = ShortcutKind.Projection;

    /// <summary>Extent of the strided shortcuts' convolution: 1, and 3 in SENet-154.</summary>
    public int ShortcutKernel { get; init; } = 1;

    /// <summary>K: cardinal groups of the 3×3 convolution.</summary>
    public int Cardinality { get; init; } = 1;

    /// <summary>bw: the bottleneck has ⌊planes·bw/64⌋·K channels.</summary>
    public int BottleneckWidth { get; init; } = 64;

    /// <summary>Channels of a group of the 3×3 convolution where that is fixed instead of the number of groups; 0 if not.</summary>
    public int GroupWidth { get; init; }

    /// <summary>The first 1×1 convolution has the width of the bottleneck divided by this: 2 in SENet-154.</summary>
    public int FirstWidthDivisor { get; init; } = 1;

    /// <summary>Strided bottlenecks step in the first 1×1 convolution, as He et al. published them, instead of in the 3×3.</summary>
    public bool StrideInFirst { get; init; }

    /// <summary>R: splits within a cardinal group; 0 for a plain 3×3 convolution without attention.</summary>
    public int Radix { get; init; }

    /// <summary>The function inside the split-attention units.</summary>
    public Activation SplitActivation { get; init; }

    /// <summary>Attention other than split attention; where it stands for the 3×3 convolution, it goes before split attention.</summary>
    public AttentionOptions Attention { get; init; } = AttentionOptions.None;

    /// <summary>Deformable 3×3 convolutions; null for none.</summary>
    public DeformOptions? Deformation { get; init; }

    /// <summary>Strided blocks step in a 3×3 average pool beside the 3×3 convolution instead of in the convolution.</summary>
    public bool AverageDown { get; init; }

    /// <summary>That pool stands before the convolution (the "fast" models) instead of behind it.</summary>
    public bool AverageDownFirst { get; init; }

    /// <summary>Strided blocks step in a <see cref="BlurPool"/> behind the 3×3 instead.</summary>
    public bool BlurDown { get; init; }

    /// <summary>Input pixels per pixel of the last stage: 32, or 16 and 8 with dilated convolutions for dense prediction.</summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>Channels of a 1×1 convolution, with norm and activation, behind the last stage; 0 for none.</summary>
    public int FinalChannels { get; init; }

    /// <summary>Classes of the last layer; 0 leaves the last layer out and yields the pooled features.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Channels of the input picture.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>Probability of dropout before the last layer.</summary>
    public double FinalDropout { get; init; }

    /// <summary>Probability of dropping the last block's residual branch in training; it grows linearly from zero at the first block.</summary>
    public double DropPath { get; init; }

    /// <summary>First probability of DropBlock in the last two stages; negative for none. Training schedules change it.</summary>
    public double DropBlock { get; init; } = -1;

    /// <summary>First value of the last γ of every block is zero, so that blocks begin as the identity.</summary>
    public bool ZeroLastGamma { get; init; }

    /// <summary>Seed of dropout.</summary>
    public ulong DropoutSeed { get; init; }

    /// <summary>How the parts are called in published weights.</summary>
    public KeyStyle Keys { get; init; }

    /// <summary>Output channels of a block for each plane.</summary>
    internal int Expansion => Block == BlockKind.Basic ? BasicBlock.Expansion : Bottleneck.Expansion;

    /// <summary>Groups of a 3×3 convolution of <paramref name="width"/> channels.</summary>
    internal int Groups(int width) => GroupWidth > 0 ? width / GroupWidth : Cardinality;

    /// <summary>Checks the options before any layer is made.</summary>
    /// <exception cref="ShapeException">Options contradict each other; the message says which.</exception>
    internal void Validate()
    {
        if (Depths.Count != 4 || Depths.Any(depth => depth < 1))
            throw new ShapeException($"resnet: needs four stages of at least one block, got [{string.Join(",", Depths)}]");
        if (Planes.Count != 4 || Planes.Any(planes => planes < 1))
            throw new ShapeException($"resnet: needs the planes of four stages, got [{string.Join(",", Planes)}]");
        if (OutputStride is not (8 or 16 or 32))
            throw new ShapeException($"resnet: output stride {OutputStride} is not 8, 16 or 32");
        if (Radix < 0 || Cardinality < 1 || BottleneckWidth < 1 || StemWidth < 1 || InputChannels < 1 || Classes < 0)
            throw new ShapeException($"resnet: radix {Radix}, cardinality {Cardinality}, width {BottleneckWidth}, stem {StemWidth}, "
                + $"{InputChannels} input channels and {Classes} classes must not be negative, and only radix and classes may be zero");
        if (FirstStride is not (1 or 2) || FirstWidthDivisor < 1 || ShortcutKernel is not (1 or 3) || GroupWidth < 0 || FinalChannels < 0)
        {
            throw new ShapeException($"resnet: first stride {FirstStride} must be 1 or 2, shortcut kernel {ShortcutKernel} 1 or 3, "
                + $"width divisor {FirstWidthDivisor} positive, group width {GroupWidth} and final channels {FinalChannels} not negative");
        }

        if (Attention.Stages.Any(stage => stage is < 0 or > 3) || Attention.HiddenOfStages is { Count: not 4 })
            throw new ShapeException("resnet: attention: stages are counted from 0 to 3, and hidden channels are given for all four or none");
        if (Block == BlockKind.Basic && (Radix > 0 || AverageDown || Cardinality > 1 || Attention.Place == AttentionPlace.Middle))
            throw new ShapeException("resnet: basic blocks have no split attention, no average pool of their own, no groups and no middle for an attention");
        if (Attention.IsContextual && Block == BlockKind.Basic)
            throw new ShapeException("resnet: basic blocks have no place for a contextual layer");
        if (Deformation is not null && (Block == BlockKind.Basic || Attention.ReplacesConvolution))
            throw new ShapeException("resnet: only the 3×3 convolution of a bottleneck, or that of its split attention, can be deformable");
        if (Deformation is { } deformed && (deformed.OffsetGroups < 1 || deformed.Stages.Any(stage => stage is < 0 or > 3)))
            throw new ShapeException($"resnet: deformable convolutions: {deformed.OffsetGroups} offset groups must be positive, and stages are counted from 0 to 3");
        if (BlurDown && AverageDown)
            throw new ShapeException("resnet: strided blocks step in an average pool or in a blur pool, not in both");
        if (DropPath is not (>= 0 and < 1) || DropBlock is not < 1)
            throw new ShapeException($"resnet: drop path {DropPath} is not in [0, 1) or drop block {DropBlock} not below 1");
        if (FinalDropout is not (>= 0 and < 1))
            throw new ShapeException($"resnet: final dropout {FinalDropout} is not in [0, 1)");
    }
}

/// <summary>What stands before the first stage.</summary>
public enum StemKind
{
    /// <summary>One 7×7 convolution of stride 2.</summary>
    Plain,

    /// <summary>Three 3×3 convolutions, the first of stride 2: variant C and D.</summary>
    Deep,

    /// <summary>As <see cref="Deep"/>, the first with three quarters of the width: variant T of timm.</summary>
    Tiered,

    /// <summary>One 3×3 convolution of stride 1: for pictures of a few dozen pixels.</summary>
    Small,
}

/// <summary>How a block's input reaches its output where shapes change.</summary>
public enum ShortcutKind
{
    /// <summary>A strided 1×1 convolution.</summary>
    Projection,

    /// <summary>An average pool, then a 1×1 convolution of stride one: variant D.</summary>
    AverageDown,
}

/// <summary>What stands between the stem and the first stage.</summary>
public enum StemPool
{
    /// <summary>3×3 max pool of stride 2 with padding.</summary>
    Padded,

    /// <summary>3×3 max pool of stride 2 without padding that keeps a last partial window: the original SE networks.</summary>
    Ceiling,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>What a block consists of.</summary>
public enum BlockKind
{
    /// <summary>1×1, 3×3, 1×1.</summary>
    Bottleneck,

    /// <summary>3×3, 3×3.</summary>
    Basic,
}

/// <summary>How the parts of a network are called in published weights.</summary>
public enum KeyStyle
{
    /// <summary>conv1, bn1, layer1.0.conv1, layer1.0.bn1, fc: torchvision and most of timm.</summary>
    Plain,

    /// <summary>As <see cref="Plain"/>, with each convolution and its norm together: layer1.0.conv1.conv, layer1.0.conv1.bn. timm's selective kernels.</summary>
    Paired,

    /// <summary>layer0.conv1, layer1.0.conv1, last_linear: the original SE networks.</summary>
    Original,

    /// <summary>stem.conv1.conv, stages.0.0.conv1_1x1.conv, head.fc: timm's networks of numbered stages.</summary>
    Numbered,
}
