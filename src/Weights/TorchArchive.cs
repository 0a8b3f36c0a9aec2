using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>A PyTorch checkpoint, zip container or legacy stream, read without Python and without running anything in it.</summary>
public sealed class TorchArchive : WeightFile
{
    private const long FreeOutputBytes = 256L << 20;
    private const int OutputPerFileByte = 8;

    private readonly RandomAccessFile _file;
    private readonly TorchArchiveBlocks _blocks;
    private readonly TorchArchiveView[] _views;
    private readonly TorchArchiveBlock[] _blockOf;

    private TorchArchive(RandomAccessFile file, WeightFileFormat format, TorchArchiveContents contents)
        : base(file.Path, format)
    {
        _file = file;
        _blocks = new TorchArchiveBlocks(file);
        var named = TorchArchiveNames.Collect(contents.Root, FilePath, contents.PickleEntry);
        long allowed = checked((file.Length * OutputPerFileByte) + FreeOutputBytes);
        long left = allowed;
        var entries = new WeightEntry[named.Count];
        _views = new TorchArchiveView[named.Count];
        _blockOf = new TorchArchiveBlock[named.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            var (name, tensor) = named[i];
            // Stride 0 turns a kilobyte into terabytes.
            if (tensor.ByteLength > left)
                throw new DataFileException(DataFileErrorKind.TooLarge, $"the tensors are more than {allowed} bytes when their views are written out, far more than the file holds; call contiguous() in Python and save again", FilePath, name);
            left -= tensor.ByteLength;
            entries[i] = new WeightEntry(i, name, tensor.DType, ImmutableCollectionsMarshal.AsImmutableArray(tensor.Sizes), tensor.ByteLength);
            _views[i] = new TorchArchiveView(tensor);
            _blockOf[i] = contents.Blocks[tensor.Storage.Key];
        }

        _blocks.Plan([.. _blockOf.Select((block, i) => (block, _views[i].IsPacked && entries[i].ByteLength == block.Length))], left);
        SetContents(entries);
    }

    /// <summary>Opens a checkpoint: its structure is checked whole, the values when they are read.</summary>
    /// <exception cref="DataFileException">The file is refused.</exception>
    public static new TorchArchive Open(string filePath)
    {
        var file = RandomAccessFile.Open(filePath);
        try
        {
            Span<byte> head = stackalloc byte[(int)Math.Min(WeightFileProbe.HeadBytes, file.Length)];
            file.Read(0, head);
            var archive = WeightFileProbe.Recognize(head) switch
            {
                WeightFileFormat.TorchZip => new TorchArchive(file, WeightFileFormat.TorchZip, TorchArchiveZip.Read(file)),
                WeightFileFormat.TorchLegacy => new TorchArchive(file, WeightFileFormat.TorchLegacy, TorchArchiveLegacy.Read(file)),
                _ => throw WeightFileProbe.Refuse(head, filePath),
            };
            return archive;
        }
        catch (DataFileException error)
        {
            file.Dispose();
            if (error.File is null)
                throw error.WithFile(filePath);
            throw;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void CopyRangeCore(WeightEntry entry, long offset, Span<byte> destination)
    {
        var view = _views[entry.Index];
        var block = _blockOf[entry.Index];
        if (view.IsPacked)
            _blocks.Read(block, view.FirstByte + offset, destination);
        else
            view.Gather(_blocks.View(block, view.FirstByte, view.SpanBytes, entry.Name), offset / entry.DType.ByteSize, destination);
    }

    /// <inheritdoc/>
    protected override bool TryMapCore(WeightEntry entry, out ReadOnlySpan<byte> bytes)
    {
        var view = _views[entry.Index];
        var block = _blockOf[entry.Index];
        bytes = default;
        if (!view.IsPacked || block.IsDeflated || (block.Start + view.FirstByte) % entry.DType.ByteSize != 0)
            return false;
        if (entry.ByteLength > 0)
            bytes = _blocks.View(block, view.FirstByte, entry.ByteLength, entry.Name);
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _file.Dispose();
}
