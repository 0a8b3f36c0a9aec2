using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Imaging;

/// <summary>Dequantisation and the 8 x 8 inverse DCT as libjpeg-turbo's "islow" computes it (Loeffler, Ligtenberg, Moschytz; 13-bit constants).</summary>
/// <remarks>The wrapping to 16 bits where libjpeg-turbo's SIMD code holds 16-bit words is reproduced, so that even coefficients
/// that no encoder makes give the same samples. Vectors of eight 32-bit lanes hold one row; without SIMD the runtime's software
/// form gives the same numbers.</remarks>
internal static class InverseDct
{
    private const int ConstantBits = 13;
    private const int ExtraBits = 2;

    /// <param name="coefficients">64, natural order.</param>
    /// <param name="quant">64, natural order.</param>
    /// <param name="target">Eight rows of eight samples.</param>
    /// <param name="stride">Bytes between rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transform(ReadOnlySpan<short> coefficients, ReadOnlySpan<short> quant, Span<byte> target, int stride)
    {
        coefficients = coefficients[..64];
        quant = quant[..64];
        var rows = new Rows();
        Vector128<short> ac = default;
        for (int i = 0; i < 8; i++)
        {
            var row = Vector128.Create(coefficients.Slice(8 * i, 8));
            if (i > 0)
                ac |= row;
            rows[i] = row * Vector128.Create(quant.Slice(8 * i, 8));
        }

        if (ac == Vector128<short>.Zero)
        {
            var flat = rows[0] << ExtraBits;
            for (int i = 0; i < 8; i++)
                rows[i] = flat;
        }
        else
        {
            Pass(ref rows, ConstantBits - ExtraBits);
        }

        Transpose(ref rows);
        Pass(ref rows, ConstantBits + ExtraBits + 3);
        Transpose(ref rows);
        for (int i = 0; i < 8; i++)
        {
            var samples = Vector128.NarrowWithSaturation(rows[i], rows[i]).AsByte() ^ Vector128.Create((byte)0x80);
            MemoryMarshal.Write(target[(i * stride)..], samples.AsUInt64().ToScalar());
        }
    }

    /// <summary>The same for a block that has only a DC value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Flat(short coefficient, short quant, Span<byte> target, int stride)
    {
        short first = (short)((short)(coefficient * quant) << ExtraBits);
        int sample = Math.Clamp(((first + (1 << (ExtraBits + 2))) >> (ExtraBits + 3)) + 128, 0, 255);
        ulong eight = (ulong)sample * 0x0101010101010101;
        for (int i = 0; i < 8; i++)
            MemoryMarshal.Write(target[(i * stride)..], eight);
    }

    /// <summary>Eight one-dimensional transforms, one in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pass(ref Rows rows, int shift)
    {
        // Even part.
        var z2 = Wide(rows[2]);
        var z3 = Wide(rows[6]);
        var z1 = (z2 + z3) * Constant(0.541196100);
        var t2 = z1 - z3 * Constant(1.847759065);
        var t3 = z1 + z2 * Constant(0.765366865);
        var t0 = Wide(rows[0] + rows[4]) << ConstantBits;
        var t1 = Wide(rows[0] - rows[4]) << ConstantBits;
        var round = Vector256.Create(1 << (shift - 1));
        var t10 = t0 + t3 + round;
        var t13 = t0 - t3 + round;
        var t11 = t1 + t2 + round;
        var t12 = t1 - t2 + round;

        // Odd part.
        z3 = Wide(rows[7] + rows[3]);
        var z4 = Wide(rows[5] + rows[1]);
        t0 = Wide(rows[7]);
        t1 = Wide(rows[5]);
        t2 = Wide(rows[3]);
        t3 = Wide(rows[1]);
        z1 = (t0 + t3) * Constant(-0.899976223);
        z2 = (t1 + t2) * Constant(-2.562915447);
        var z5 = (z3 + z4) * Constant(1.175875602);
        z3 = z3 * Constant(-1.961570560) + z5;
        z4 = z4 * Constant(-0.390180644) + z5;
        t0 = t0 * Constant(0.298631336) + z1 + z3;
        t1 = t1 * Constant(2.053119869) + z2 + z4;
        t2 = t2 * Constant(3.072711026) + z2 + z3;
        t3 = t3 * Constant(1.501321110) + z1 + z4;

        rows[0] = Narrow((t10 + t3) >> shift);
        rows[7] = Narrow((t10 - t3) >> shift);
        rows[1] = Narrow((t11 + t2) >> shift);
        rows[6] = Narrow((t11 - t2) >> shift);
        rows[2] = Narrow((t12 + t1) >> shift);
        rows[5] = Narrow((t12 - t1) >> shift);
        rows[3] = Narrow((t13 + t0) >> shift);
        rows[4] = Narrow((t13 - t0) >> shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Constant(double value) =>
        Vector256.Create((int)(value * (1 << ConstantBits) + (value < 0 ? -0.5 : 0.5)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Wide(Vector128<short> row) => Vector256.Create(Vector128.WidenLower(row), Vector128.WidenUpper(row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Narrow(Vector256<int> row) => Vector128.NarrowWithSaturation(row.GetLower(), row.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Rows r)
    {
        var a0 = Interleave.Low(r[0], r[4]);
        var a1 = Interleave.High(r[0], r[4]);
        var a2 = Interleave.Low(r[1], r[5]);
        var a3 = Interleave.High(r[1], r[5]);
        var a4 = Interleave.Low(r[2], r[6]);
        var a5 = Interleave.High(r[2], r[6]);
        var a6 = Interleave.Low(r[3], r[7]);
        var a7 = Interleave.High(r[3], r[7]);
        var b0 = Interleave.Low(a0, a4);
        var b1 = Interleave.High(a0, a4);
        var b2 = Interleave.Low(a1, a5);
        var b3 = Interleave.High(a1, a5);
        var b4 = Interleave.Low(a2, a6);
        var b5 = Interleave.High(a2, a6);
        var b6 = Interleave.Low(a3, a7);
        var b7 = Interleave.High(a3, a7);
        r[0] = Interleave.Low(b0, b4);
        r[1] = Interleave.High(b0, b4);
        r[2] = Interleave.Low(b1, b5);
        r[3] = Interleave.High(b1, b5);
        r[4] = Interleave.Low(b2, b6);
        r[5] = Interleave.High(b2, b6);
        r[6] = Interleave.Low(b3, b7);
        r[7] = Interleave.High(b3, b7);
    }

    [InlineArray(8)]
    private struct Rows
    {
        private Vector128<short> first;
    }
}
