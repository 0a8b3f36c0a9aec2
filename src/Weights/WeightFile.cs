using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>An open weight file: its tensors, listed and checked when it was opened, and their values, read on demand.</summary>
/// <remarks>Values are little-endian, packed, in C order, whatever the file holds. Reading is safe from several threads at once.
/// Tensor names of nested checkpoints are joined by '.', wrappers included (<c>state_dict.layer1.0.conv1.weight</c>); a name map strips them.</remarks>
public abstract class WeightFile : IDisposable
{
    private IReadOnlyList<WeightEntry> _entries = [];
    private Dictionary<string, WeightEntry> _byName = [];

    /// <param name="filePath">Path as the caller gave it.</param>
    /// <param name="format">What the file is.</param>
    protected WeightFile(string filePath, WeightFileFormat format)
    {
        FilePath = filePath;
        Format = format;
    }

    /// <summary>Path as the caller gave it.</summary>
    public string FilePath { get; }

    /// <summary>What the file is.</summary>
    public WeightFileFormat Format { get; }

    /// <summary>All tensors, in the order of the file.</summary>
    public IReadOnlyList<WeightEntry> Entries => _entries;

    /// <summary>Free text of the file, name to value; empty where the format has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public WeightEntry this[string name] => _byName.TryGetValue(name, out var entry)
        ? entry
        : throw new KeyNotFoundException($"{DataFileException.Escape(FilePath)} has no tensor '{DataFileException.Escape(name)}'");

    /// <summary>Opens a weight file of any kind that can be read; the kind is found from the contents.</summary>
    /// <exception cref="DataFileException">Nothing that can be read, or the name's extension claims another kind than the contents.</exception>
    public static WeightFile Open(string filePath) => WeightFileProbe.Identify(filePath) switch
    {
        WeightFileFormat.Safetensors => SafetensorsFile.Open(filePath),
        WeightFileFormat.TorchZip or WeightFileFormat.TorchLegacy => TorchArchive.Open(filePath),
        WeightFileFormat.MxnetParams => MxnetParams.Open(filePath),
        var format => throw new DataFileException(DataFileErrorKind.Unsupported, $"{format} files cannot be read", filePath),
    };

    /// <summary>The tensor of a name, if there is one.</summary>
    public bool TryGetEntry(string name, [NotNullWhen(true)] out WeightEntry? entry) => _byName.TryGetValue(name, out entry);

    /// <summary>All values of a tensor: a view of the mapped file where that is possible, else a copy.</summary>
    /// <remarks>The view is valid until this file is disposed, and only while nobody shortens the file on disk.</remarks>
    /// <exception cref="DataFileException">The values are damaged, or are more than 2^31 - 1 bytes.</exception>
    public ReadOnlySpan<byte> Read(WeightEntry entry)
    {
        if (TryMap(entry, out var mapped))
            return mapped;
        var bytes = new byte[CheckedLength(entry)];
        CopyTo(entry, bytes);
        return bytes;
    }

    /// <summary>A view of the mapped file, without a copy: possible where the format stores the tensor packed, uncompressed and aligned to its elements.</summary>
    public bool TryMap(WeightEntry entry, out ReadOnlySpan<byte> bytes)
    {
        CheckOwned(entry);
        bytes = default;
        return entry.DType != WeightDType.Unknown && entry.ByteLength <= int.MaxValue && TryMapCore(entry, out bytes);
    }

    /// <summary>Copies all values of a tensor.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="destination">At least <see cref="WeightEntry.ByteLength"/> bytes; the rest stays untouched.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="DataFileException">The values are damaged.</exception>
    public void CopyTo(WeightEntry entry, Span<byte> destination)
    {
        int length = CheckedLength(entry);
        if (destination.Length < length)
            throw new ArgumentException($"'{DataFileException.Escape(entry.Name)}' has {length} bytes, the destination {destination.Length}", nameof(destination));
        CopyRange(entry, 0, destination[..length]);
    }

    /// <summary>Copies part of a tensor's values.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="offset">First byte, a multiple of the element size.</param>
    /// <param name="destination">Filled whole; its length is a multiple of the element size.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor or cuts an element.</exception>
    /// <exception cref="DataFileException">The values are damaged.</exception>
    public void CopyRange(WeightEntry entry, long offset, Span<byte> destination)
    {
        CheckOwned(entry);
        CheckLoadable(entry);
        int unit = Math.Max(entry.DType.ByteSize, 1);
        if (offset < 0 || destination.Length > entry.ByteLength - offset || offset % unit != 0 || destination.Length % unit != 0)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"bytes {offset} to {offset + destination.Length} are no whole elements of '{DataFileException.Escape(entry.Name)}' ({entry.ByteLength} bytes)");
        if (destination.Length > 0)
            CopyRangeCore(entry, offset, destination);
    }

    /// <summary>All values of a tensor as 32-bit floats, converted where they are of another type.</summary>
    /// <exception cref="DataFileException">The type has no float values, the values are damaged, or there are too many.</exception>
    public float[] ReadSingles(WeightEntry entry)
    {
        CheckOwned(entry);
        CheckLoadable(entry);
        if (entry.ElementCount > Array.MaxLength)
            throw new DataFileException(DataFileErrorKind.TooLarge, $"{entry.ElementCount} elements do not fit one array; read ranges with CopyRange", FilePath, entry.Name);
        var values = new float[entry.ElementCount];
        ReadSingles(entry, values);
        return values;
    }

    /// <summary>All values of a tensor as 32-bit floats, converted where they are of another type.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="destination">At least <see cref="WeightEntry.ElementCount"/> floats.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <exception cref="DataFileException">The type has no float values, or the values are damaged.</exception>
    public void ReadSingles(WeightEntry entry, Span<float> destination)
    {
        CheckOwned(entry);
        CheckLoadable(entry);
        if (destination.Length < entry.ElementCount)
            throw new ArgumentException($"'{DataFileException.Escape(entry.Name)}' has {entry.ElementCount} elements, the destination {destination.Length}", nameof(destination));
        ReadSingles(entry, 0, destination[..(int)entry.ElementCount]);
    }

    /// <summary>Some values of a tensor as 32-bit floats, converted where they are of another type.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="first">Index of the first element, row-major.</param>
    /// <param name="destination">Filled whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    /// <exception cref="DataFileException">The type has no float values, or the values are damaged.</exception>
    public void ReadSingles(WeightEntry entry, long first, Span<float> destination)
    {
        CheckOwned(entry);
        CheckLoadable(entry);
        if (first < 0 || destination.Length > entry.ElementCount - first)
            throw new ArgumentOutOfRangeException(nameof(first), first, $"elements {first} to {first + destination.Length} leave '{DataFileException.Escape(entry.Name)}' ({entry.ElementCount} elements)");
        if (entry.DType == WeightDType.F32)
        {
            CopyRange(entry, first * sizeof(float), MemoryMarshal.AsBytes(destination));
            return;
        }

        if (!WeightConversion.HasSingles(entry.DType))
            throw new DataFileException(DataFileErrorKind.UnsupportedDType, $"{entry.DTypeName} values have no conversion to F32", FilePath, entry.Name);

        // A bounded piece at a time, so that a large tensor is never held twice.
        int unit = entry.DType.ByteSize;
        var piece = new byte[Math.Min(destination.Length, 1 << 16) * unit];
        for (int done = 0; done < destination.Length;)
        {
            int count = Math.Min(destination.Length - done, piece.Length / unit);
            CopyRange(entry, (first + done) * unit, piece.AsSpan(0, count * unit));
            WeightConversion.ToSingles(entry.DType, piece.AsSpan(0, count * unit), destination.Slice(done, count));
            done += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Sets what the file holds; called once, when a reader has checked the file's structure.</summary>
    /// <param name="entries">All tensors; each entry's index is its position, names are unique.</param>
    /// <param name="metadata">Free text, or null.</param>
    protected void SetContents(IReadOnlyList<WeightEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        _byName = new Dictionary<string, WeightEntry>(entries.Count, StringComparer.Ordinal);
        foreach (var entry in entries)
            _byName.Add(entry.Name, entry);
        _entries = entries;
        if (metadata is not null)
            Metadata = metadata;
    }

    /// <summary>Copies a range that was checked: inside the tensor, whole elements, not empty.</summary>
    protected abstract void CopyRangeCore(WeightEntry entry, long offset, Span<byte> destination);

    /// <summary>A view of the mapped file, if this format can give one for this tensor (at most 2^31 - 1 bytes).</summary>
    protected virtual bool TryMapCore(WeightEntry entry, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return false;
    }

    /// <summary>Closes the file and its mapping.</summary>
    protected abstract void Dispose(bool disposing);

    private int CheckedLength(WeightEntry entry)
    {
        CheckOwned(entry);
        CheckLoadable(entry);
        return entry.ByteLength <= Array.MaxLength
            ? (int)entry.ByteLength
            : throw new DataFileException(DataFileErrorKind.TooLarge, $"{entry.ByteLength} bytes do not fit one array; read ranges with CopyRange", FilePath, entry.Name);
    }

    private void CheckLoadable(WeightEntry entry)
    {
        if (entry.DType == WeightDType.Unknown)
            throw new DataFileException(DataFileErrorKind.UnsupportedDType, $"element type '{DataFileException.Escape(entry.DTypeName)}' is not known; it can be listed but not loaded", FilePath, entry.Name);
    }

    private void CheckOwned(WeightEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if ((uint)entry.Index >= (uint)_entries.Count || !ReferenceEquals(_entries[entry.Index], entry))
            throw new ArgumentException($"'{DataFileException.Escape(entry.Name)}' belongs to another file than {DataFileException.Escape(FilePath)}", nameof(entry));
    }
}
