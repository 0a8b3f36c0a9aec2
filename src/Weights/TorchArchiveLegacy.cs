using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The stream that torch.save wrote before 1.6: five pickles (magic number, protocol, machine, object, storage keys), then every storage's count and bytes.</summary>
internal static class TorchArchiveLegacy
{
    private static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static TorchArchiveContents Read(RandomAccessFile file)
    {
        var reader = new PickleReader(file);
        if (new PickleMachine(reader).Run() is not BigInteger magic || magic != Magic)
            throw new DataFileException(DataFileErrorKind.NotThisFormat, "a Python pickle without PyTorch's magic number: not a checkpoint; save the weights with torch.save", file.Path, offset: 0);
        if (new PickleMachine(reader).Run() is not 1001L)
            throw new DataFileException(DataFileErrorKind.Unsupported, "another stream protocol than 1001; save the file again with a current PyTorch", file.Path, offset: reader.OpcodeOffset);
        if (new PickleMachine(reader).Run() is not PickleDictionary machine || machine.Find("little_endian") is not true)
            throw new DataFileException(DataFileErrorKind.Unsupported, "written on a big-endian machine; load and save the file on a little-endian one", file.Path, offset: reader.OpcodeOffset);

        var objects = new PickleMachine(reader, isLegacy: true);
        object root = objects.Run();
        object keys = new PickleMachine(reader).Run();
        return new TorchArchiveContents(root, Blocks(file, reader, keys, objects.Storages), null);
    }

    private static Dictionary<string, TorchArchiveBlock> Blocks(RandomAccessFile file, PickleReader reader, object keys, IReadOnlyDictionary<string, TorchStorage> storages)
    {
        if (keys is not List<object> list || list.Count != storages.Count)
            throw new DataFileException(DataFileErrorKind.BadTensor, $"the list of storages is not that of the {storages.Count} storages in use; the file is damaged or forged", file.Path, offset: reader.OpcodeOffset);

        var blocks = new Dictionary<string, TorchArchiveBlock>(StringComparer.Ordinal);
        long next = reader.Position;
        Span<byte> header = stackalloc byte[8];
        foreach (object item in list)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage))
                throw new DataFileException(DataFileErrorKind.BadTensor, "the list of storages names one that no tensor uses; the file is damaged or forged", file.Path, offset: next);
            if (file.Length - next < header.Length)
                throw new DataFileException(DataFileErrorKind.Truncated, "the file ends before the count of a storage; fetch it again", file.Path, key, next);
            file.Read(next, header);
            long count = BinaryPrimitives.ReadInt64LittleEndian(header);
            if (count != storage.RootElements)
                throw new DataFileException(DataFileErrorKind.BadTensor, $"a storage of {count} elements, {storage.RootElements} are declared; the file is damaged or forged", file.Path, key, next);
            next += header.Length;
            if (storage.RootBytes > file.Length - next)
                throw new DataFileException(DataFileErrorKind.Truncated, $"a storage of {storage.RootBytes} bytes, {file.Length - next} are left; fetch the file again", file.Path, key, next);
            if (!blocks.TryAdd(key, new TorchArchiveBlock(next, storage.RootBytes, null)))
                throw new DataFileException(DataFileErrorKind.BadTensor, "a storage is listed twice; the file is forged", file.Path, key, next);
            next += storage.RootBytes;
        }

        if (next != file.Length)
            throw new DataFileException(DataFileErrorKind.BadArchive, $"{file.Length - next} bytes after the last storage; something was appended, or the file is damaged", file.Path, offset: next);
        return blocks;
    }
}
