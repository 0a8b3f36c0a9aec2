namespace ResNeSt.Models;

/// <summary>What may differ between networks of inverted residuals.</summary>
public sealed record MobileNetV2Options
{
    /// <summary>Classes of the last layer; 0 leaves it out and yields the pooled features.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Channels of the input picture.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>Probability of dropout before the last layer.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Seed of dropout.</summary>
    public ulong DropoutSeed { get; init; }

    /// <summary>A <see cref="SelectiveKernel"/> of two depthwise branches stands for each depthwise convolution.</summary>
    public bool SelectiveKernels { get; init; }

    /// <summary>Keys of timm instead of torchvision's.</summary>
    public bool TimmKeys { get; init; }
}
