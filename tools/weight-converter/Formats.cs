using System.Globalization;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary>How formats and sizes are named in results.</summary>
internal static class Formats
{
    /// <summary>The name of a format in documents.</summary>
    public static string Name(WeightFileFormat format) => format switch
    {
        WeightFileFormat.Safetensors => "safetensors",
        WeightFileFormat.TorchZip => "pth-zip",
        WeightFileFormat.TorchLegacy => "pth-legacy",
        _ => "mxnet-params",
    };

    /// <summary>A byte count for people.</summary>
    public static string Bytes(long bytes) => bytes < 10_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:f2} MB");
}
