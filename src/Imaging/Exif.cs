using System.Buffers.Binary;

namespace ResNeSt.Imaging;

/// <summary>Finds the orientation in an EXIF block: a TIFF header and its first directory, nothing else.</summary>
internal static class Exif
{
    private const ushort OrientationTag = 0x0112;
    private const ushort UInt16Type = 3;

    /// <summary>1 to 8; 1 where the block does not say, or says it in a way that cannot be followed.</summary>
    /// <param name="tiff">The block from its byte-order mark on.</param>
    public static int ReadOrientation(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 14)
            return 1;
        bool little = tiff.StartsWith("II*\0"u8);
        if (!little && !tiff.StartsWith("MM\0*"u8))
            return 1;
        uint directory = U32(tiff[4..], little);
        // The directory lies behind the header; an offset of 0 would make the header its own directory.
        if (directory < 8 || directory > tiff.Length - 2)
            return 1;
        var entries = tiff[(int)directory..];
        int count = Math.Min(U16(entries, little), (entries.Length - 2) / 12);
        for (int i = 0; i < count; i++)
        {
            var entry = entries.Slice(2 + 12 * i, 12);
            if (U16(entry, little) != OrientationTag)
                continue;
            int value = U16(entry[8..], little);
            bool sound = U16(entry[2..], little) == UInt16Type && U32(entry[4..], little) == 1 && value is >= 1 and <= 8;
            return sound ? value : 1;
        }

        return 1;
    }

    private static ushort U16(ReadOnlySpan<byte> data, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(data) : BinaryPrimitives.ReadUInt16BigEndian(data);

    private static uint U32(ReadOnlySpan<byte> data, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(data) : BinaryPrimitives.ReadUInt32BigEndian(data);
}
