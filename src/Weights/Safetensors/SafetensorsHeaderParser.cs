using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Reads a safetensors header, the JSON text, and checks it whole.</summary>
/// <remarks>The rules and their order are those of the reference reader; in addition duplicate names are refused, as the format's text demands.</remarks>
internal sealed class SafetensorsHeaderParser(string filePath)
{
    /// <summary>Bytes before the JSON text, which hold its length.</summary>
    public const int LengthBytes = 8;

    /// <summary>Tensors, or metadata entries, of one file: a real model has some thousands.</summary>
    public const int MostEntries = 200_000;

    /// <summary>Axes of one tensor.</summary>
    public const int MostAxes = 16;

    /// <summary>Nesting of JSON values: fields that are skipped may hold anything.</summary>
    private const int MostLevels = 128;

    private readonly List<Field> _fields = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Checks a header against the length of its file.</summary>
    public SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength)
    {
        var metadata = ParseFields(json);
        return CheckLayout(LengthBytes + json.Length, fileLength, metadata);
    }

    private Dictionary<string, string> ParseFields(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            throw Bad("the header is not valid UTF-8; the file is damaged");
        Dictionary<string, string>? metadata = null;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostLevels });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Bad("the header is not a JSON object; the file is damaged or no safetensors file", reader.TokenStartIndex);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = Text(ref reader);
                if (name == "__metadata__")
                {
                    if (metadata is not null)
                        throw Bad("'__metadata__' occurs twice", reader.TokenStartIndex, kind: DataFileErrorKind.DuplicateKey);
                    metadata = ParseMetadata(ref reader);
                    continue;
                }

                // Two readers would see two models: the reference keeps the last, others the first.
                if (!_names.Add(name))
                    throw Bad("the name occurs twice; readers would disagree about its values", reader.TokenStartIndex, name, DataFileErrorKind.DuplicateKey);
                if (_fields.Count == MostEntries)
                    throw Bad($"more than {MostEntries} tensors", reader.TokenStartIndex, kind: DataFileErrorKind.TooLarge);
                _fields.Add(ParseTensor(ref reader, name));
            }

            // Only white space may follow: anything else throws here.
            reader.Read();
        }
        catch (JsonException error)
        {
            throw Bad($"the header is not strict JSON ({DataFileException.Escape(FirstSentence(error.Message))}); the file is damaged, or its writer is", reader.BytesConsumed, inner: error);
        }

        return metadata ?? [];
    }

    private Dictionary<string, string> ParseMetadata(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Bad("'__metadata__' is not an object of strings", reader.TokenStartIndex);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long at = reader.TokenStartIndex;
            string key = Text(ref reader);
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Bad($"'__metadata__' entry '{DataFileException.Escape(key)}' is not a string", reader.TokenStartIndex);
            if (metadata.Count == MostEntries)
                throw Bad($"more than {MostEntries} metadata entries", at, kind: DataFileErrorKind.TooLarge);
            if (!metadata.TryAdd(key, Text(ref reader)))
                throw Bad($"'__metadata__' entry '{DataFileException.Escape(key)}' occurs twice", at, kind: DataFileErrorKind.DuplicateKey);
        }

        return metadata;
    }

    private Field ParseTensor(ref Utf8JsonReader reader, string name)
    {
        string? dtype = null;
        long[]? shape = null, offsets = null;
        reader.Read();
        long at = reader.TokenStartIndex;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Bad("a tensor is described by an object with dtype, shape and data_offsets", at, name);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            long fieldAt = reader.TokenStartIndex;
            string field = Text(ref reader, name);
            bool twice = false;
            switch (field)
            {
                case "dtype":
                    twice = dtype is not null;
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.String)
                        throw Bad("'dtype' is not a string", reader.TokenStartIndex, name);
                    dtype = Text(ref reader, name);
                    break;
                case "shape":
                    twice = shape is not null;
                    shape = ParseNumbers(ref reader, name, field, MostAxes);
                    break;
                case "data_offsets":
                    twice = offsets is not null;
                    offsets = ParseNumbers(ref reader, name, field, most: 2);
                    if (offsets.Length != 2)
                        throw Bad("'data_offsets' is not a pair of integers", fieldAt, name);
                    break;
                default:
                    // The reference ignores what it does not know.
                    reader.Skip();
                    break;
            }

            if (twice)
                throw Bad($"'{field}' occurs twice", fieldAt, name, DataFileErrorKind.DuplicateKey);
        }

        if (dtype is null || shape is null || offsets is null)
            throw Bad($"'{(dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets")}' is missing", at, name);
        return new Field(name, dtype, shape, offsets[0], offsets[1], LengthBytes + at);
    }

    private long[] ParseNumbers(ref Utf8JsonReader reader, string name, string field, int most)
    {
        Span<long> numbers = stackalloc long[MostAxes];
        int count = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Bad($"'{field}' is not an array of integers", reader.TokenStartIndex, name);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            // No 16.0, 1.6e1, -0 or 2^64: readers that go through double see other numbers.
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt64(out ulong number))
                throw Bad($"'{field}' holds something else than integers of 0 to 2^64 - 1", reader.TokenStartIndex, name);
            if (number > long.MaxValue)
                throw Bad($"{number} in '{field}' is beyond 2^63 - 1", reader.TokenStartIndex, name, DataFileErrorKind.Overflow);
            if (count == most)
                throw Bad($"'{field}' has more than {most} numbers", reader.TokenStartIndex, name, field == "shape" ? DataFileErrorKind.TooLarge : DataFileErrorKind.BadHeader);
            numbers[count++] = (long)number;
        }

        return numbers[..count].ToArray();
    }

    private SafetensorsHeader CheckLayout(long dataStart, long fileLength, Dictionary<string, string> metadata)
    {
        // Tensors without bytes keep the header's order.
        var sorted = _fields.ToArray();
        Array.Sort(sorted, (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End != b.End ? a.End.CompareTo(b.End) : a.At.CompareTo(b.At));
        var entries = ImmutableArray.CreateBuilder<WeightEntry>(sorted.Length);
        var offsets = new long[sorted.Length];
        long end = 0;
        foreach (var field in sorted)
        {
            if (field.Begin != end || field.End < field.Begin)
            {
                string what = field.End < field.Begin ? "ends before it begins"
                    : field.Begin < end ? $"overlaps the tensor before it, which ends at {end}"
                    : $"leaves bytes {end} to {field.Begin} to nobody";
                throw new DataFileException(DataFileErrorKind.BadLayout, $"the range [{field.Begin}, {field.End}) {what}; the file is damaged or made to deceive", filePath, field.Name, field.At);
            }

            var dtype = WeightDTypeExtensions.Parse(field.DType);
            if (dtype != WeightDType.Unknown)
                CheckSize(field, dtype);
            else if (!field.Shape.Contains(0) && Product(field.Shape) is null or > long.MaxValue)
                throw new DataFileException(DataFileErrorKind.Overflow, "the element count overflows", filePath, field.Name, field.At);
            offsets[entries.Count] = dataStart + field.Begin;
            entries.Add(new WeightEntry(entries.Count, field.Name, dtype, ImmutableCollectionsMarshal.AsImmutableArray(field.Shape), field.End - field.Begin, field.DType));
            end = field.End;
        }

        if (end > fileLength - dataStart)
            throw new DataFileException(DataFileErrorKind.Truncated, $"the tensors need {end} bytes, the file has {fileLength - dataStart}; download it again", filePath, sorted[^1].Name, fileLength);
        if (end < fileLength - dataStart)
            throw new DataFileException(DataFileErrorKind.BadLayout, $"{fileLength - dataStart - end} bytes after the last tensor belong to nobody; the file is damaged or hides something", filePath, offset: dataStart + end);
        return new SafetensorsHeader(entries.MoveToImmutable(), offsets, fileLength, metadata);
    }

    private void CheckSize(Field field, WeightDType dtype)
    {
        // As the reference multiplies: in the order of the axes, so that 2^63 × 4 × 0 overflows although it is nothing.
        if (Product(field.Shape) is not { } count || count > ulong.MaxValue / (ulong)dtype.BitSize)
            throw new DataFileException(DataFileErrorKind.Overflow, "the element count or the byte count overflows", filePath, field.Name, field.At);
        ulong bits = count * (ulong)dtype.BitSize;
        if (bits % 8 != 0)
            throw new DataFileException(DataFileErrorKind.SizeMismatch, $"{count} elements of {dtype.Name} are no whole number of bytes", filePath, field.Name, field.At);
        if (bits / 8 != (ulong)(field.End - field.Begin))
            throw new DataFileException(DataFileErrorKind.SizeMismatch, $"[{string.Join(",", field.Shape)}] of {dtype.Name} needs {bits / 8} bytes, the range has {field.End - field.Begin}", filePath, field.Name, field.At);
    }

    private static ulong? Product(long[] shape)
    {
        ulong count = 1;
        foreach (long extent in shape)
        {
            if (extent != 0 && count > ulong.MaxValue / (ulong)extent)
                return null;
            count *= (ulong)extent;
        }

        return count;
    }

    private string Text(ref Utf8JsonReader reader, string? tensor = null)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw Bad("a string holds half of a surrogate pair, which is no Unicode text", reader.TokenStartIndex, tensor, inner: error);
        }
    }

    /// <param name="what">What is wrong.</param>
    /// <param name="at">Offset in the JSON text.</param>
    /// <param name="tensor">The tensor concerned.</param>
    /// <param name="kind">Why the file is refused.</param>
    /// <param name="inner">The cause.</param>
    private DataFileException Bad(string what, long at = 0, string? tensor = null, DataFileErrorKind kind = DataFileErrorKind.BadHeader, Exception? inner = null)
        => new(kind, what, filePath, tensor, LengthBytes + at, inner);

    // The rest of a JsonException's message repeats the place, in lines.
    private static string FirstSentence(string message) => message.Split(" LineNumber:")[0].TrimEnd('.', ' ');

    // A class: lists of a structure are compiled anew when the program starts, lists of references are part of the runtime.
    private sealed record Field(string Name, string DType, long[] Shape, long Begin, long End, long At);
}
