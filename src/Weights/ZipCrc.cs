using System.Buffers.Binary;

namespace ResNeSt.Weights;

/// <summary>CRC-32 as zip archives use it (polynomial 0xEDB88320), sixteen bytes at a time by tables.</summary>
internal static class ZipCrc
{
    private const int Slices = 16;
    private static readonly uint[] Tables = BuildTables();

    /// <summary>The CRC of more bytes.</summary>
    /// <param name="crc">CRC of what came before; 0 at the begin.</param>
    /// <param name="bytes">What follows.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint state = ~crc;
        ReadOnlySpan<uint> tables = Tables;
        while (bytes.Length >= Slices)
        {
            uint a = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ state;
            uint b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            uint c = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            uint d = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            state = Four(tables, 12, a) ^ Four(tables, 8, b) ^ Four(tables, 4, c) ^ Four(tables, 0, d);
            bytes = bytes[Slices..];
        }

        foreach (byte value in bytes)
            state = tables[(int)((state ^ value) & 255)] ^ (state >> 8);
        return ~state;
    }

    private static uint Four(ReadOnlySpan<uint> tables, int slice, uint word) =>
        tables[((slice + 3) << 8) + (int)(word & 255)]
        ^ tables[((slice + 2) << 8) + (int)((word >> 8) & 255)]
        ^ tables[((slice + 1) << 8) + (int)((word >> 16) & 255)]
        ^ tables[(slice << 8) + (int)(word >> 24)];

    private static uint[] BuildTables()
    {
        var tables = new uint[Slices << 8];
        for (uint value = 0; value < 256; value++)
        {
            uint crc = value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
            tables[value] = crc;
        }

        for (int i = 256; i < tables.Length; i++)
            tables[i] = (tables[i - 256] >> 8) ^ tables[(int)(tables[i - 256] & 255)];
        return tables;
    }
}
