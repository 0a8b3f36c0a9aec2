namespace ResNeSt.Models;

/// <summary>Deformable 3×3 convolutions, in bottlenecks with or without split attention.</summary>
/// <remarks>As in the ResNeSt authors' detectors, which have masks, two offset groups, and stages 1 to 3: the offsets come from the output of the
/// block's first convolution, by a convolution with as many groups as there are offset groups, under the key <c>conv2_offset</c>.</remarks>
public sealed record DeformOptions
{
    /// <summary>Stages that have them, counted from zero.</summary>
    public IReadOnlyList<int> Stages { get; init; } = [1, 2, 3];

    /// <summary>Parts of the channels that move on their own.</summary>
    public int OffsetGroups { get; init; } = 1;

    /// <summary>Whether taps are weighed too: the second version.</summary>
    public bool Masked { get; init; } = true;
}
