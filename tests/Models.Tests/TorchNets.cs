using System.Runtime.InteropServices;
using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Small networks written by PyTorch: options, input and output of one folder.</summary>
internal static class TorchNets
{
    public static ResNetOptions Options(string folder)
    {
        var config = Json(folder).GetProperty("config");
        return new ResNetOptions
        {
            Depths = Ints(config.GetProperty("layers")),
            Planes = Ints(config.GetProperty("planes")),
            Classes = config.GetProperty("num_classes").GetInt32(),
            Radix = config.GetProperty("radix").GetInt32(),
            Cardinality = config.GetProperty("groups").GetInt32(),
            BottleneckWidth = config.GetProperty("bottleneck_width").GetInt32(),
            Stem = config.GetProperty("deep_stem").GetBoolean() ? StemKind.Deep : StemKind.Plain,
            StemWidth = config.GetProperty("stem_width").GetInt32(),
            Shortcut = config.GetProperty("avg_down").GetBoolean() ? ShortcutKind.AverageDown : ShortcutKind.Projection,
            AverageDown = config.GetProperty("avd").GetBoolean(),
            AverageDownFirst = config.GetProperty("avd_first").GetBoolean(),
        };
    }

    /// <summary>Input shape, input, and the output in double precision.</summary>
    public static (Shape Shape, float[] Input, double[] Output) Case(string folder)
    {
        var json = Json(folder);
        var shape = Shape.Create(Ints(json.GetProperty("input").GetProperty("shape")));
        return (shape, Read<float>(folder, json.GetProperty("input")), Read<double>(folder, json.GetProperty("output64")));
    }

    private static T[] Read<T>(string folder, JsonElement array)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(File.ReadAllBytes(Path.Combine(folder, array.GetProperty("file").GetString()!))).ToArray();

    private static JsonElement Json(string folder) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json"))).RootElement;

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];
}
