using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>A file open for reading at any place, by copies or through a mapping that is made when first asked for.</summary>
/// <remarks>Structure is read by copies: they cannot fault when somebody shortens the file. All members may be called from several threads.</remarks>
internal sealed unsafe class RandomAccessFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly Lock _mapLock = new();
    private MemoryMappedFile? _mapping;
    private MemoryMappedViewAccessor? _view;
    private byte* _mapped;
    private bool _disposed;

    private RandomAccessFile(SafeFileHandle handle, string path)
    {
        _handle = handle;
        Path = path;
        Length = RandomAccess.GetLength(handle);
    }

    /// <summary>Path as the caller gave it.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file when it was opened.</summary>
    public long Length { get; }

    /// <exception cref="DataFileException">The file cannot be opened.</exception>
    public static RandomAccessFile Open(string path)
    {
        var handle = WeightFileProbe.OpenHandle(path);
        try
        {
            return new RandomAccessFile(handle, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            handle.Dispose();
            throw new DataFileException(DataFileErrorKind.Unreadable, $"the file has no length ({DataFileException.Escape(error.Message)}); give a regular file", path, inner: error);
        }
    }

    /// <summary>Fills a span from a place in the file.</summary>
    /// <exception cref="DataFileException">The file ends before, or reading fails.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (WeightFileProbe.ReadAt(_handle, Path, offset, destination) != destination.Length)
            throw new DataFileException(DataFileErrorKind.Truncated, "the file ends early; fetch it again", Path, offset: offset);
    }

    /// <summary>A view of part of the file, valid until this object is disposed.</summary>
    public ReadOnlySpan<byte> Map(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        if (length == 0)
            return default;
        lock (_mapLock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_mapped is null)
                OpenMapping();
            return new ReadOnlySpan<byte>(_mapped + offset, length);
        }
    }

    /// <summary>Closes the file and its mapping.</summary>
    public void Dispose()
    {
        lock (_mapLock)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_mapped is not null)
                _view!.SafeMemoryMappedViewHandle.ReleasePointer();
            _mapped = null;
            _view?.Dispose();
            _mapping?.Dispose();
            _handle.Dispose();
        }
    }

    private void OpenMapping()
    {
        try
        {
            _mapping = MemoryMappedFile.CreateFromFile(_handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _mapped = start;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, $"the file cannot be mapped ({DataFileException.Escape(error.Message)})", Path, inner: error);
        }
    }
}
