using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>What makes one residual network differ from another: every network of the family is the same skeleton with other options.</summary>
public sealed record ResNetOptions
{
    /// <summary>Blocks in each of the four stages: [3, 4, 6, 3] for depth 50.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    /// <summary>Planes of each stage; a bottleneck puts out four times as many channels.</summary>
    public IReadOnlyList<int> Planes { get; init; } = [64, 128, 256, 512];

    /// <summary>What stands before the first stage.</summary>
    public StemKind Stem { get; init; } = StemKind.Plain;

    /// <summary>Width of the deep stem's first convolutions; its output has twice as many channels.</summary>
    public int StemWidth { get; init; } = 32;

    /// <summary>How a block's input reaches its output where shapes change.</summary>
    public ShortcutKind Shortcut { get; init; } = ShortcutKind.Projection;

    /// <summary>K: cardinal groups of the 3×3 convolution.</summary>
    public int Cardinality { get; init; } = 1;

    /// <summary>bw: the bottleneck has ⌊planes·bw/64⌋·K channels.</summary>
    public int BottleneckWidth { get; init; } = 64;

    /// <summary>R: splits within a cardinal group; 0 for a plain 3×3 convolution without attention.</summary>
    public int Radix { get; init; }

    /// <summary>Strided blocks step in a 3×3 average pool beside the 3×3 convolution instead of in the convolution.</summary>
    public bool AverageDown { get; init; }

    /// <summary>That pool stands before the convolution (the "fast" models) instead of behind it.</summary>
    public bool AverageDownFirst { get; init; }

    /// <summary>Input pixels per pixel of the last stage: 32, or 16 and 8 with dilated convolutions for dense prediction.</summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>Classes of the last layer; 0 leaves the last layer out and yields the pooled features.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Channels of the input picture.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>Probability of dropout before the last layer.</summary>
    public double FinalDropout { get; init; }

    /// <summary>First value of the last γ of every block is zero, so that blocks begin as the identity.</summary>
    public bool ZeroLastGamma { get; init; }

    /// <summary>Seed of dropout.</summary>
    public ulong DropoutSeed { get; init; }

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
}

/// <summary>How a block's input reaches its output where shapes change.</summary>
public enum ShortcutKind
{
    /// <summary>A strided 1×1 convolution.</summary>
    Projection,

    /// <summary>An average pool, then a 1×1 convolution of stride one: variant D.</summary>
    AverageDown,
}
