using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>The CRC of PNG chunks (ISO/IEC 15948, annex D), eight bytes at a time.</summary>
internal static class Crc32
{
    private static readonly uint[] Tables = MakeTables();

    /// <summary>Carries a CRC on; begin with 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<uint> t = Tables;
        crc = ~crc;
        for (; data.Length >= 8; data = data[8..])
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = t[(int)(0x700 + (low & 0xFF))] ^ t[(int)(0x600 + (low >> 8 & 0xFF))]
                ^ t[(int)(0x500 + (low >> 16 & 0xFF))] ^ t[(int)(0x400 + (low >> 24))]
                ^ t[(int)(0x300 + (high & 0xFF))] ^ t[(int)(0x200 + (high >> 8 & 0xFF))]
                ^ t[(int)(0x100 + (high >> 16 & 0xFF))] ^ t[(int)(high >> 24)];
        }

        foreach (byte value in data)
            crc = t[(int)((crc ^ value) & 0xFF)] ^ crc >> 8;
        return ~crc;
    }

    // Table k advances a byte by k further zero bytes.
    private static uint[] MakeTables()
    {
        var tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ crc >> 1 : crc >> 1;
            tables[i] = crc;
        }

        for (int i = 256; i < tables.Length; i++)
            tables[i] = tables[tables[i - 256] & 0xFF] ^ tables[i - 256] >> 8;
        return tables;
    }
}
