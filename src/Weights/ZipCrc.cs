using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace ResNeSt.Weights;

/// <summary>CRC-32 as zip archives use it (polynomial 0xEDB88320, bits reflected).</summary>
/// <remarks>By carry-less multiplication (Gopal et al. 2009, "Fast CRC Computation Using PCLMULQDQ") or ARM's instruction where there is one, else by tables.</remarks>
internal static class ZipCrc
{
    private const int Slices = 16;
    private const int FoldBytes = 64;
    private static readonly uint[] Tables = BuildTables();

    /// <summary>The CRC of more bytes.</summary>
    /// <param name="crc">CRC of what came before; 0 at the begin.</param>
    /// <param name="bytes">What follows.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint state = ~crc;
        if (Pclmulqdq.IsSupported && Sse2.IsSupported && bytes.Length >= FoldBytes)
        {
            int folded = bytes.Length & ~15;
            state = Fold(state, bytes[..folded]);
            bytes = bytes[folded..];
        }

        if (Arm.Crc32.Arm64.IsSupported)
        {
            for (; bytes.Length >= 8; bytes = bytes[8..])
                state = Arm.Crc32.Arm64.ComputeCrc32(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        return ~ByTables(state, bytes);
    }

    /// <summary>The state after a multiple of 16 bytes, at least 64: four lanes are folded forwards by 64 bytes at a time, then into one, then reduced.</summary>
    private static uint Fold(uint state, ReadOnlySpan<byte> bytes)
    {
        // x^n mod P, reflected, for the distances 64, 16 and 8 bytes; then P and its inverse for Barrett's reduction.
        var by64 = Vector128.Create(0x0154442bd4, 0x01c6e41596);
        var by16 = Vector128.Create(0x01751997d0, 0x00ccaa009e);
        var by8 = Vector128.Create(0x0163cd6124, 0);
        var barrett = Vector128.Create(0x01db710641, 0x01f7011641);
        var low = Vector128.Create(uint.MaxValue, 0, uint.MaxValue, 0).AsInt64();

        var a = Load(bytes, 0) ^ Vector128.CreateScalar(state).AsInt64();
        var b = Load(bytes, 16);
        var c = Load(bytes, 32);
        var d = Load(bytes, 48);
        bytes = bytes[FoldBytes..];
        for (; bytes.Length >= FoldBytes; bytes = bytes[FoldBytes..])
        {
            a = Step(a, by64, Load(bytes, 0));
            b = Step(b, by64, Load(bytes, 16));
            c = Step(c, by64, Load(bytes, 32));
            d = Step(d, by64, Load(bytes, 48));
        }

        a = Step(Step(Step(a, by16, b), by16, c), by16, d);
        for (; bytes.Length >= 16; bytes = bytes[16..])
            a = Step(a, by16, Load(bytes, 0));

        a = Sse2.ShiftRightLogical128BitLane(a, 8) ^ Pclmulqdq.CarrylessMultiply(a, by16, 0x10);
        a = Sse2.ShiftRightLogical128BitLane(a, 4) ^ Pclmulqdq.CarrylessMultiply(a & low, by8, 0x00);
        var quotient = Pclmulqdq.CarrylessMultiply(a & low, barrett, 0x10) & low;
        return (a ^ Pclmulqdq.CarrylessMultiply(quotient, barrett, 0x00)).AsUInt32().GetElement(1);
    }

    private static Vector128<long> Load(ReadOnlySpan<byte> bytes, int at) => Vector128.Create(bytes.Slice(at, 16)).AsInt64();

    private static Vector128<long> Step(Vector128<long> lane, Vector128<long> distance, Vector128<long> next) =>
        Pclmulqdq.CarrylessMultiply(lane, distance, 0x00) ^ Pclmulqdq.CarrylessMultiply(lane, distance, 0x11) ^ next;

    private static uint ByTables(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> tables = Tables;
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            uint a = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ state;
            uint b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            uint c = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            uint d = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            state = Four(tables, 12, a) ^ Four(tables, 8, b) ^ Four(tables, 4, c) ^ Four(tables, 0, d);
        }

        foreach (byte value in bytes)
            state = tables[(int)((state ^ value) & 255)] ^ (state >> 8);
        return state;
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
