using ResNeSt.Nn;

namespace ResNeSt.Models;

/// <summary>Makes the layers before the first stage. Their last batch norm, <c>bn1</c>, belongs to the network in all published weights.</summary>
internal static class Stem
{
    /// <summary>The convolutions under the key <c>conv1</c>.</summary>
    public static Module Create(ResNetOptions options) => options.Stem switch
    {
        StemKind.Plain => Layer.Conv(options.InputChannels, 64, kernel: 7, stride: 2, padding: 3),
        StemKind.Deep => new Sequential(
            Layer.Conv(options.InputChannels, options.StemWidth, kernel: 3, stride: 2, padding: 1),
            Layer.Norm(options.StemWidth),
            new Relu(),
            Layer.Conv(options.StemWidth, options.StemWidth, kernel: 3, padding: 1),
            Layer.Norm(options.StemWidth),
            new Relu(),
            Layer.Conv(options.StemWidth, 2 * options.StemWidth, kernel: 3, padding: 1)),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Stem, "unknown stem"),
    };

    /// <summary>Channels behind the stem.</summary>
    public static int OutputChannels(ResNetOptions options) => options.Stem == StemKind.Plain ? 64 : 2 * options.StemWidth;
}
