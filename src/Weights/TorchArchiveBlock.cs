namespace ResNeSt.Weights;

/// <summary>Where the bytes of one storage lie in the file.</summary>
/// <param name="start">Offset of the first byte in the file.</param>
/// <param name="length">Bytes when unpacked.</param>
/// <param name="entry">The zip entry, or null in a legacy stream.</param>
internal sealed class TorchArchiveBlock(long start, long length, ZipEntry? entry)
{
    private volatile bool _isVerified = entry is null;

    public long Start => start;

    public long Length => length;

    public ZipEntry? Entry => entry;

    /// <summary>Whether it must be unpacked.</summary>
    public bool IsDeflated => entry is { IsDeflated: true };

    /// <summary>How many tensors are views of it.</summary>
    public int Tensors { get; set; }

    /// <summary>Whether one tensor is all of it, packed, and there is no other.</summary>
    public bool IsOneTensor { get; set; }

    /// <summary>Whether the CRC was found right; set once, from any thread.</summary>
    public bool IsVerified
    {
        get => _isVerified;
        set => _isVerified = value;
    }
}
