using System.Collections.Immutable;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>An open safetensors file. The header is checked whole before any tensor is touched; values are read from the file, or mapped, on demand.</summary>
public sealed class SafetensorsFile : WeightFile
{
    private readonly Lock _mapping = new();
    private readonly SafeFileHandle _handle;
    private readonly long[] _offsets;
    private readonly long _length;
    private MemoryMappedFile? _mapped;
    private MemoryMappedViewAccessor? _view;
    private nint _base;
    private bool _disposed;

    private SafetensorsFile(SafeFileHandle handle, string filePath)
        : base(filePath, WeightFileFormat.Safetensors)
    {
        var header = SafetensorsHeader.Read(handle, filePath);
        _handle = handle;
        _offsets = header.Offsets;
        _length = header.FileLength;
        SetContents(header.Entries, header.Metadata);
    }

    /// <summary>Opens a safetensors file and checks its header.</summary>
    /// <exception cref="DataFileException">The file cannot be read or breaks a rule of the format.</exception>
    public static new SafetensorsFile Open(string filePath)
    {
        var handle = WeightFileProbe.OpenHandle(filePath);
        try
        {
            return new SafetensorsFile(handle, filePath);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void CopyRangeCore(WeightEntry entry, long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // Read, not mapped: a file that somebody shortens gives an error here, a mapping would end the process.
        long at = _offsets[entry.Index] + offset;
        int got = WeightFileProbe.ReadAt(_handle, FilePath, at, destination);
        if (got < destination.Length)
            throw new DataFileException(DataFileErrorKind.Truncated, "the file became shorter after it was opened", FilePath, entry.Name, at + got);
    }

    /// <inheritdoc/>
    protected override unsafe bool TryMapCore(WeightEntry entry, out ReadOnlySpan<byte> bytes)
    {
        long at = _offsets[entry.Index];
        if (at % Math.Max(entry.DType.ByteSize, 1) != 0)
        {
            bytes = default;
            return false;
        }

        bytes = entry.ByteLength == 0 ? [] : new ReadOnlySpan<byte>((byte*)MapFile() + at, (int)entry.ByteLength);
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_mapping)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_base != 0)
                _view!.SafeMemoryMappedViewHandle.ReleasePointer();
            _base = 0;
            _view?.Dispose();
            _mapped?.Dispose();
            _handle.Dispose();
        }
    }

    /// <summary>Address of the file's first byte; the pages come in as they are touched.</summary>
    private unsafe nint MapFile()
    {
        lock (_mapping)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_base == 0)
            {
                long length = RandomAccess.GetLength(_handle);
                if (length < _length)
                    throw new DataFileException(DataFileErrorKind.Truncated, "the file became shorter after it was opened", FilePath, offset: length);
                _mapped = MemoryMappedFile.CreateFromFile(_handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
                _view = _mapped.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
                byte* pointer = null;
                _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
                _base = (nint)pointer;
            }

            return _base;
        }
    }
}
