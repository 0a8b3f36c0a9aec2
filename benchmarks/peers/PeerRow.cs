namespace ResNeSt.Peers;

/// <summary>One comparison: a network on an input of fixed shape.</summary>
/// <param name="Model">Name in the zoo.</param>
/// <param name="Size">Side of the picture.</param>
/// <param name="Batch">Pictures at once.</param>
/// <param name="AtLeast">The ratio ours ÷ theirs that must be reached.</param>
/// <param name="Aim">The ratio that is hoped for.</param>
internal sealed record PeerRow(string Model, int Size, int Batch, double AtLeast, double Aim)
{
    public static readonly IReadOnlyList<PeerRow> All =
    [
        new("resnest50", 224, 1, 0.75, 0.6),
        new("resnest50", 224, 8, 0.8, 0.6),
        new("resnest101", 256, 1, 0.8, 0.6),
        new("resnest50_fast_4s2x40d", 224, 1, 0.8, 0.6),
        new("resnest50_fast_1s4x24d", 224, 1, 0.8, 0.6),
    ];

    public const int Classes = 1000;

    public int[] Shape => [Batch, 3, Size, Size];

    public string Name => $"{Model} {Size}², batch {Batch}";

    /// <summary>Start of the names of its files.</summary>
    public string File => $"{Model}-{Size}-b{Batch}";
}
