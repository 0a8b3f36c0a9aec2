using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Reads storages: stored ones from the file once their CRC is known to be right, deflated ones through the copies it keeps.</summary>
internal sealed class TorchArchiveBlocks(RandomAccessFile file)
{
    /// <summary>Unpacked storages kept at one time; a larger one is kept alone.</summary>
    private const long KeptBytes = 32 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<TorchArchiveBlock, byte[]> _kept = [];
    private long _keptBytes;

    /// <summary>Refuses archives whose reading would unpack the same bytes over and over, or hold far more than the file.</summary>
    /// <param name="tensors">Every tensor's storage, and whether the tensor is all of it, packed.</param>
    /// <param name="most">Bytes that may be unpacked, beside the tensors themselves, to read every tensor once.</param>
    public void Plan(IReadOnlyList<(TorchArchiveBlock Block, bool IsWhole)> tensors, long most)
    {
        foreach (var (block, isWhole) in tensors)
        {
            block.Tensors++;
            block.IsOneTensor = isWhole && block.Tensors == 1;
        }

        var shared = tensors.Select(tensor => tensor.Block).Where(block => block is { IsDeflated: true, IsOneTensor: false }).Distinct().ToArray();
        bool allKept = shared.Sum(block => (double)block.Length) <= KeptBytes;
        if (shared.Sum(block => allKept ? block.Length : (double)block.Length * block.Tensors) > most)
            throw new DataFileException(DataFileErrorKind.TooLarge, "the compressed storages are far larger than the file, or too many tensors share them; zip the folder again without compression", file.Path);
    }

    /// <summary>Copies bytes of a storage.</summary>
    public void Read(TorchArchiveBlock block, long offset, Span<byte> destination)
    {
        if (!block.IsDeflated)
        {
            Verify(block);
            file.Read(block.Start + offset, destination);
        }
        else if (destination.Length == block.Length && block.IsOneTensor)
        {
            // Unpacked where it is wanted, so that it is not held twice.
            ZipPayload.Inflate(file, block.Entry!, destination);
        }
        else
        {
            Unpacked(block).AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }

    /// <summary>A view of bytes of a storage, valid until the file is closed.</summary>
    public ReadOnlySpan<byte> View(TorchArchiveBlock block, long offset, long length, string tensor)
    {
        if (length > Array.MaxLength)
            throw new DataFileException(DataFileErrorKind.TooLarge, $"a view over {length} bytes of a storage is more than can be addressed; call contiguous() in Python and save again", file.Path, tensor);
        if (block.IsDeflated)
            return Unpacked(block).AsSpan((int)offset, (int)length);
        Verify(block);
        return file.Map(block.Start + offset, (int)length);
    }

    private void Verify(TorchArchiveBlock block)
    {
        if (block.IsVerified)
            return;
        ZipPayload.Verify(file, block.Entry!);
        block.IsVerified = true;
    }

    private byte[] Unpacked(TorchArchiveBlock block)
    {
        lock (_lock)
        {
            if (_kept.TryGetValue(block, out byte[]? bytes))
                return bytes;
            if (block.Length > Array.MaxLength)
                throw new DataFileException(DataFileErrorKind.TooLarge, $"a compressed storage of {block.Length} bytes cannot be held; zip the folder again without compression", file.Path, block.Entry!.Name);
            if (_keptBytes + block.Length > KeptBytes)
            {
                _kept.Clear();
                _keptBytes = 0;
            }

            bytes = new byte[block.Length];
            ZipPayload.Inflate(file, block.Entry!, bytes);
            _kept.Add(block, bytes);
            _keptBytes += block.Length;
            return bytes;
        }
    }
}
