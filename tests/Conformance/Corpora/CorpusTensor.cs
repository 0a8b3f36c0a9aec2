using System.Runtime.InteropServices;
using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>One array of a corpus, as doubles.</summary>
/// <param name="Shape">Extents.</param>
/// <param name="Type">Element type as the corpus names it: F64, F32, F16, I8 to I64, U8 to U64, or BOOL.</param>
/// <param name="Values">The values, row-major.</param>
public sealed record CorpusTensor(Shape Shape, string Type, double[] Values)
{
    /// <summary>Whether the values are floating-point numbers.</summary>
    public bool IsFloatingPoint => Type[0] == 'F';

    /// <summary>The engine's type that holds these values: integers that it lacks in the next larger one.</summary>
    public DType DType => Type switch
    {
        "F64" => DType.F64,
        "F32" => DType.F32,
        "F16" => DType.F16,
        "I64" or "U64" or "U32" => DType.I64,
        "I32" or "I16" or "U16" or "I8" => DType.I32,
        "U8" or "BOOL" => DType.U8,
        _ => throw new InvalidDataException($"corpus: unknown element type '{Type}'"),
    };

    /// <summary>Reads what <c>{"dtype", "shape", "offset", "bytes"}</c> points to.</summary>
    public static CorpusTensor Read(JsonElement entry, byte[] binary)
    {
        string type = entry.GetProperty("dtype").GetString()!;
        var shape = Shape.Create(entry.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32()).ToArray());
        var bytes = binary.AsSpan(checked((int)entry.GetProperty("offset").GetInt64()), entry.GetProperty("bytes").GetInt32());
        var values = new double[shape.ElementCount];
        switch (type)
        {
            case "I8":
                for (int i = 0; i < values.Length; i++)
                    values[i] = (sbyte)bytes[i];
                break;
            case "I16":
                Cast<short>(bytes, values, value => value);
                break;
            case "U16":
                Cast<ushort>(bytes, values, value => value);
                break;
            case "U32":
                Cast<uint>(bytes, values, value => value);
                break;
            case "U64":
                Cast<ulong>(bytes, values, value => value);
                break;
            case "BOOL":
                for (int i = 0; i < values.Length; i++)
                    values[i] = bytes[i] == 0 ? 0 : 1;
                break;
            default:
                var tensor = new CorpusTensor(shape, type, values);
                if (bytes.Length != values.Length * tensor.DType.ByteSize)
                    throw new InvalidDataException($"corpus: {bytes.Length} bytes for {type}{shape}");
                ElementConversion.ToDoubles(bytes, tensor.DType, values);
                break;
        }

        return new CorpusTensor(shape, type, values);
    }

    /// <summary>The values of a nested JSON list or number, as the corpus writes constants.</summary>
    public static CorpusTensor FromJson(JsonElement value)
    {
        var extents = new List<int>();
        for (var level = value; level.ValueKind == JsonValueKind.Array; level = level[0])
        {
            extents.Add(level.GetArrayLength());
            if (extents[^1] == 0)
                break;
        }

        var values = new List<double>();
        Collect(value, values);
        return new CorpusTensor(Shape.Create(CollectionsMarshal.AsSpan(extents)), "F32", [.. values]);
    }

    private static void Cast<T>(ReadOnlySpan<byte> bytes, double[] values, Func<T, double> convert)
        where T : unmanaged
    {
        var items = MemoryMarshal.Cast<byte, T>(bytes);
        for (int i = 0; i < values.Length; i++)
            values[i] = convert(items[i]);
    }

    private static void Collect(JsonElement value, List<double> values)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            values.Add(value.GetDouble());
            return;
        }

        foreach (var item in value.EnumerateArray())
            Collect(item, values);
    }
}
