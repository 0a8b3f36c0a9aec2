using System.Globalization;
using ResNeSt.Nn;

namespace ResNeSt.Models;

/// <summary>Makes the layers before the first stage, up to the last batch norm; the activation behind it is the network's.</summary>
internal static class Stem
{
    /// <summary>The parts with their keys, and the channels behind them.</summary>
    public static (IReadOnlyList<(string Key, Module Module)> Parts, int Channels) Create(ResNetOptions options)
    {
        var convs = Convolutions(options);
        int channels = convs[^1].OutputChannels;
        return (options.Keys switch
        {
            KeyStyle.Original => [("layer0", Flat(convs, options.Activation))],
            KeyStyle.Numbered => [("stem", Nested(convs, options.Activation))],
            // The last batch norm belongs to the network in all published weights.
            _ => [("conv1", Numbered(convs, options.Activation)), ("bn1", Layer.Norm(channels))],
        }, channels);
    }

    /// <summary>Input pixels for each of the stem's: where neither pool nor first stage steps, the last of several convolutions does.</summary>
    public static int Stride(ResNetOptions options) => options.Stem switch
    {
        StemKind.Small => 1,
        StemKind.Deep or StemKind.Tiered when options.StemPool == StemPool.None && options.FirstStride == 1 => 4,
        _ => 2,
    };

    private static Conv2d[] Convolutions(ResNetOptions options)
    {
        if (options.Stem == StemKind.Plain)
            return [Layer.Conv(options.InputChannels, 64, kernel: 7, stride: 2, padding: 3)];
        if (options.Stem == StemKind.Small)
            return [Layer.Conv(options.InputChannels, options.StemWidth, kernel: 3, stride: 1, padding: 1)];
        int first = options.Stem == StemKind.Tiered ? 3 * (options.StemWidth / 4) : options.StemWidth;
        int lastStride = Stride(options) / 2;
        return
        [
            Layer.Conv(options.InputChannels, first, kernel: 3, stride: 2, padding: 1),
            Layer.Conv(first, options.StemWidth, kernel: 3, padding: 1),
            Layer.Conv(options.StemWidth, 2 * options.StemWidth, kernel: 3, lastStride, padding: 1),
        ];
    }

    /// <summary>0, 1, 3, 4, 6: norms and activations count; one convolution stands alone.</summary>
    private static Module Numbered(Conv2d[] convs, Activation activation)
    {
        if (convs.Length == 1)
            return convs[0];
        var parts = new Sequential();
        foreach (var conv in convs)
        {
            if (parts.Count > 0)
                parts.Add(Layer.Activation(activation));
            parts.Add(conv);
            if (conv != convs[^1])
                parts.Add(Layer.Norm(conv.OutputChannels));
        }

        return parts;
    }

    /// <summary>conv1, bn1, relu1, conv2, …</summary>
    private static Sequential Flat(Conv2d[] convs, Activation activation)
    {
        var parts = new Sequential();
        for (int i = 0; i < convs.Length; i++)
        {
            string number = (i + 1).ToString(CultureInfo.InvariantCulture);
            parts.Add("conv" + number, convs[i]);
            parts.Add("bn" + number, Layer.Norm(convs[i].OutputChannels));
            if (i + 1 < convs.Length)
                parts.Add("relu" + number, Layer.Activation(activation));
        }

        return parts;
    }

    /// <summary>conv1.conv, conv1.bn, conv2.conv, …</summary>
    private static Sequential Nested(Conv2d[] convs, Activation activation)
    {
        var parts = new Sequential();
        foreach (var conv in convs)
        {
            var unit = new Sequential { { "conv", conv }, { "bn", Layer.Norm(conv.OutputChannels) } };
            if (conv != convs[^1])
                unit.Add("act", Layer.Activation(activation));
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"conv{parts.Count + 1}"), unit);
        }

        return parts;
    }
}
