using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace ResNeSt.Weights.Tests;

/// <summary>The rules of safetensors once more, written for clearness and sharing no code with the reader: what a file holds, or null.</summary>
internal static class SafetensorsOracle
{
    private static readonly Dictionary<string, int> Bits = new()
    {
        ["BOOL"] = 8, ["U8"] = 8, ["I8"] = 8, ["F8_E5M2"] = 8, ["F8_E4M3"] = 8, ["F8_E8M0"] = 8, ["F8_E4M3FNUZ"] = 8, ["F8_E5M2FNUZ"] = 8,
        ["I16"] = 16, ["U16"] = 16, ["F16"] = 16, ["BF16"] = 16, ["I32"] = 32, ["U32"] = 32, ["F32"] = 32, ["C64"] = 64, ["F64"] = 64, ["I64"] = 64, ["U64"] = 64,
        ["F4"] = 4, ["F6_E2M3"] = 6, ["F6_E3M2"] = 6,
    };

    /// <summary>Name, type, shape and bytes of every tensor; null where the file must be refused.</summary>
    public static Dictionary<string, (string DType, string Shape, byte[]? Bytes)>? Read(byte[] file)
    {
        if (file.Length < 8 || BinaryPrimitives.ReadUInt64LittleEndian(file) is var length && (length > 100_000_000 || length > (ulong)file.Length - 8))
            return null;
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file, 8, (int)length);
            if (text.StartsWith('\uFEFF'))
                return null;
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 128 });
            return Read(document.RootElement, file.AsMemory(8 + (int)length));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    private static Dictionary<string, (string DType, string Shape, byte[]? Bytes)>? Read(JsonElement root, ReadOnlyMemory<byte> data)
    {
        var tensors = new List<(string Name, string DType, BigInteger[] Shape, BigInteger Begin, BigInteger End)>();
        foreach (var (name, value) in Fields(root))
        {
            if (name == "__metadata__")
            {
                if (Fields(value).Any(pair => pair.Value.ValueKind != JsonValueKind.String || pair.Value.GetString() is null))
                    return null;
                continue;
            }

            // Names of fields matter only where they are known ones; the same field twice is one of those.
            var known = value.EnumerateObject().Where(field => field.Name is "dtype" or "shape" or "data_offsets").ToArray();
            var fields = known.ToDictionary(field => field.Name, field => field.Value);
            if (fields.Count != 3)
                return null;
            var (shape, offsets) = (Numbers(fields["shape"]), Numbers(fields["data_offsets"]));
            if (shape is null || shape.Length > 16 || offsets is not { Length: 2 } || fields["dtype"].ValueKind != JsonValueKind.String)
                return null;
            tensors.Add((name, fields["dtype"].GetString()!, shape, offsets[0], offsets[1]));
        }

        var read = new Dictionary<string, (string, string, byte[]?)>();
        BigInteger end = 0;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End))
        {
            if (tensor.Begin != end || tensor.End < end || tensor.End > data.Length)
                return null;
            end = tensor.End;
            var count = BigInteger.One;
            foreach (var extent in tensor.Shape)
            {
                count *= extent;
                if (count >= BigInteger.Pow(2, 64))
                    return null;
            }

            bool known = Bits.TryGetValue(tensor.DType, out int bits);
            if (known && (count * bits >= BigInteger.Pow(2, 64) || count * bits != (tensor.End - tensor.Begin) * 8))
                return null;
            read.Add(tensor.Name, (tensor.DType, string.Join(",", tensor.Shape), known ? data[(int)tensor.Begin..(int)tensor.End].ToArray() : null));
        }

        return end == data.Length ? read : null;
    }

    private static List<(string Name, JsonElement Value)> Fields(JsonElement value)
    {
        var fields = value.EnumerateObject().Select(field => (field.Name, field.Value)).ToList();
        if (fields.DistinctBy(field => field.Name).Count() != fields.Count)
            throw new FormatException("a name twice");
        return fields;
    }

    private static BigInteger[]? Numbers(JsonElement value)
    {
        var texts = value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number ? item.GetRawText() : "").ToArray();
        return texts.All(text => text.Length > 0 && text.All(char.IsAsciiDigit)) && texts.Select(BigInteger.Parse).ToArray() is var numbers && numbers.All(number => number <= long.MaxValue)
            ? numbers
            : null;
    }
}
