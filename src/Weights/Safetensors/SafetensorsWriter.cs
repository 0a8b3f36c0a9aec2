using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Writes safetensors files, byte for byte as the reference does: tensors by descending type, then by name; header padded to 8.</summary>
public static class SafetensorsWriter
{
    /// <summary>Bytes taken from a source at a time: a multiple of every element size.</summary>
    private const int PieceBytes = 4 << 20;

    // Throws on half a surrogate pair instead of writing a replacement character.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a file: to a temporary one beside it, which takes its name when all is written.</summary>
    /// <param name="filePath">Where to.</param>
    /// <param name="tensors">The tensors, in any order; values are asked for in the order of the file.</param>
    /// <param name="metadata">Free text, written sorted by key; null for none.</param>
    /// <param name="options">Whether to replace a file, to force the disk, and where to tell progress.</param>
    /// <param name="cancellation">Stops between two pieces; nothing stays behind.</param>
    /// <exception cref="DataFileException">A name cannot be written, or a source's values are damaged.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, or writing fails.</exception>
    public static void Write(
        string filePath, IEnumerable<WeightSource> tensors, IReadOnlyDictionary<string, string>? metadata = null,
        SafetensorsWriteOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new SafetensorsWriteOptions();
        string target = Path.GetFullPath(filePath);
        if (!options.Overwrite && File.Exists(target))
            throw new IOException($"{DataFileException.Escape(filePath)} exists already");
        var sorted = Sort(tensors);
        var header = Header(sorted, metadata);
        string temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                Write(stream, header, sorted, options.Progress, cancellation);
                if (options.Durable)
                    stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, options.Overwrite);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes to a stream, which need not be seekable.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{WeightSource}, IReadOnlyDictionary{string, string}, SafetensorsWriteOptions, CancellationToken)"/>
    public static void Write(
        Stream stream, IEnumerable<WeightSource> tensors, IReadOnlyDictionary<string, string>? metadata = null,
        IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        var sorted = Sort(tensors);
        Write(stream, Header(sorted, metadata), sorted, progress, cancellation);
    }

    private static void Write(Stream stream, byte[] header, Named[] tensors, IProgress<long>? progress, CancellationToken cancellation)
    {
        stream.Write(header);
        long largest = tensors.Length == 0 ? 0 : tensors.Max(tensor => tensor.Source.ByteLength);
        var piece = new byte[(int)Math.Min(largest, PieceBytes)];
        long written = 0;
        foreach (var (source, _) in tensors)
        {
            for (long offset = 0; offset < source.ByteLength;)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = (int)Math.Min(piece.Length, source.ByteLength - offset);
                source.CopyRange(offset, piece.AsSpan(0, count));
                stream.Write(piece, 0, count);
                offset += count;
                written += count;
                progress?.Report(written);
            }
        }
    }

    private static Named[] Sort(IEnumerable<WeightSource> tensors)
    {
        var sorted = tensors.Select(source => new Named(source, Utf8(source.Name))).ToArray();
        Array.Sort(sorted, static (left, right) =>
        {
            int order = right.Source.DType.CompareTo(left.Source.DType);
            return order != 0 ? order : left.Utf8Name.AsSpan().SequenceCompareTo(right.Utf8Name);
        });

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (source, _) in sorted)
        {
            if (source.Name == "__metadata__")
                throw new DataFileException(DataFileErrorKind.BadName, "this name is reserved by safetensors; rename the tensor", entry: source.Name);
            if (!names.Add(source.Name))
                throw new DataFileException(DataFileErrorKind.BadName, "two tensors have this name; rename one", entry: source.Name);
        }

        return sorted;
    }

    private static byte[] Header(Named[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var json = new MemoryStream();
        json.Write(new byte[SafetensorsHeaderParser.LengthBytes]);
        json.WriteByte((byte)'{');
        if (metadata is not null)
        {
            json.Write("\"__metadata__\":{"u8);
            bool first = true;
            foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (!first)
                    json.WriteByte((byte)',');
                first = false;
                WriteString(json, Utf8(key));
                json.WriteByte((byte)':');
                WriteString(json, Utf8(value));
            }

            json.WriteByte((byte)'}');
        }

        long offset = 0;
        foreach (var (source, name) in tensors)
        {
            if (json.Length > SafetensorsHeaderParser.LengthBytes + 1)
                json.WriteByte((byte)',');
            WriteString(json, name);
            long end = checked(offset + source.ByteLength);
            json.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $$""":{"dtype":"{{source.DType.Name}}","shape":[{{string.Join(",", source.Shape)}}],"data_offsets":[{{offset}},{{end}}]}""")));
            offset = end;
        }

        json.WriteByte((byte)'}');
        while (json.Length % 8 != 0)
            json.WriteByte((byte)' ');
        var header = json.ToArray();
        long length = header.Length - SafetensorsHeaderParser.LengthBytes;
        if ((ulong)length > WeightFileProbe.LongestHeader)
            throw new DataFileException(DataFileErrorKind.TooLarge, $"the header would be {length} bytes, readers accept {WeightFileProbe.LongestHeader}; use fewer tensors or shorter names");
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    /// <summary>A JSON string as the reference escapes it: only the quote, the backslash and control characters below 32.</summary>
    private static void WriteString(MemoryStream json, byte[] text)
    {
        json.WriteByte((byte)'"');
        foreach (byte b in text)
        {
            switch (b)
            {
                case (byte)'"' or (byte)'\\':
                    json.WriteByte((byte)'\\');
                    json.WriteByte(b);
                    break;
                case (byte)'\b' or (byte)'\f' or (byte)'\n' or (byte)'\r' or (byte)'\t':
                    json.WriteByte((byte)'\\');
                    json.WriteByte((byte)("btn\0fr"[b - '\b']));
                    break;
                case < 32:
                    json.Write(Encoding.ASCII.GetBytes($"\\u{(int)b:x4}"));
                    break;
                default:
                    json.WriteByte(b);
                    break;
            }
        }

        json.WriteByte((byte)'"');
    }

    private static byte[] Utf8(string text)
    {
        try
        {
            return StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new DataFileException(DataFileErrorKind.BadName, "half of a surrogate pair cannot be written as UTF-8; rename the tensor", entry: text, inner: error);
        }
    }

    private readonly record struct Named(WeightSource Source, byte[] Utf8Name);
}
