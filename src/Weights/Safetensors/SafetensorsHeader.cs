using System.Buffers.Binary;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The header of a safetensors file, checked whole: every tensor lies where it must, nothing overlaps, no byte is nobody's.</summary>
/// <param name="Entries">All tensors, in the order of their bytes.</param>
/// <param name="Offsets">For each tensor the file offset of its first byte.</param>
/// <param name="FileLength">Bytes of the whole file.</param>
/// <param name="Metadata">Free text.</param>
internal sealed record SafetensorsHeader(
    ImmutableArray<WeightEntry> Entries, long[] Offsets, long FileLength, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Reads and checks the header of an open file.</summary>
    public static SafetensorsHeader Read(SafeFileHandle handle, string filePath)
    {
        long fileLength = RandomAccess.GetLength(handle);
        Span<byte> head = stackalloc byte[WeightFileProbe.HeadBytes];
        head = head[..WeightFileProbe.ReadAt(handle, filePath, 0, head)];
        if (head.Length < SafetensorsHeaderParser.LengthBytes)
            throw new DataFileException(DataFileErrorKind.Truncated, $"a safetensors file has at least {SafetensorsHeaderParser.LengthBytes} bytes, this one {head.Length}; download it again", filePath, offset: 0);

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(head);
        if (length > WeightFileProbe.LongestHeader)
        {
            // Any other kind of file begins with bytes that make an absurd length: name the kind instead.
            throw WeightFileProbe.IsKnown(head)
                ? WeightFileProbe.Refuse(head, filePath)
                : new DataFileException(DataFileErrorKind.TooLarge, $"the header claims {length} bytes, the limit is {WeightFileProbe.LongestHeader}; this is no safetensors file, or a damaged one", filePath, offset: 0);
        }

        if ((long)length > fileLength - SafetensorsHeaderParser.LengthBytes)
            throw new DataFileException(DataFileErrorKind.Truncated, $"the header claims {length} bytes, the file has {fileLength - SafetensorsHeaderParser.LengthBytes} after the length; download it again", filePath, offset: 0);

        var json = new byte[(int)length];
        if (WeightFileProbe.ReadAt(handle, filePath, SafetensorsHeaderParser.LengthBytes, json) < json.Length)
            throw new DataFileException(DataFileErrorKind.Truncated, "the file became shorter while it was read", filePath);
        return new SafetensorsHeaderParser(filePath).Parse(json, fileLength);
    }
}
