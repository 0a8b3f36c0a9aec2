using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Imaging;

/// <summary>Colour conversion with 16 fractional bits, as libjpeg's tables hold them (JFIF 1.02, section "Color space").</summary>
internal static class YccToRgb
{
    private const int Bits = 16;
    private const int Half = 1 << (Bits - 1);
    private const int RedFromCr = 91881;      // 1.40200
    private const int GreenFromCb = -22554;   // 0.34414
    private const int GreenFromCr = -46802;   // 0.71414
    private const int BlueFromCb = 116130;    // 1.77200

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Convert(ReadOnlySpan<byte> y, ReadOnlySpan<byte> cb, ReadOnlySpan<byte> cr, Span<byte> rgb)
    {
        int width = rgb.Length / 3, x = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; x <= width - 16; x += 16)
                Sixteen(y.Slice(x, 16), cb.Slice(x, 16), cr.Slice(x, 16), rgb.Slice(3 * x, 48));
        }

        for (; x < width; x++)
        {
            int luma = y[x], blue = cb[x] - 128, red = cr[x] - 128;
            var pixel = rgb.Slice(3 * x, 3);
            pixel[0] = Clamp(luma + ((RedFromCr * red + Half) >> Bits));
            pixel[1] = Clamp(luma + ((GreenFromCb * blue + GreenFromCr * red + Half) >> Bits));
            pixel[2] = Clamp(luma + ((BlueFromCb * blue + Half) >> Bits));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(ReadOnlySpan<byte> y, ReadOnlySpan<byte> cb, ReadOnlySpan<byte> cr, Span<byte> rgb)
    {
        var vy = Vector128.Create(y);
        var vcb = Vector128.Create(cb);
        var vcr = Vector128.Create(cr);
        var (r0, g0, b0) = Eight(Vector128.WidenLower(vy), Vector128.WidenLower(vcb), Vector128.WidenLower(vcr));
        var (r1, g1, b1) = Eight(Vector128.WidenUpper(vy), Vector128.WidenUpper(vcb), Vector128.WidenUpper(vcr));
        InterleavedRgb.Store(Pack(r0, r1), Pack(g0, g1), Pack(b0, b1), rgb);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<short> R, Vector128<short> G, Vector128<short> B) Eight(
        Vector128<ushort> y, Vector128<ushort> cb, Vector128<ushort> cr)
    {
        var luma = y.AsInt16();
        var blue = Wide(cb.AsInt16() - Vector128.Create((short)128));
        var red = Wide(cr.AsInt16() - Vector128.Create((short)128));
        var half = Vector256.Create(Half);
        var r = (red * RedFromCr + half) >> Bits;
        var g = (blue * GreenFromCb + red * GreenFromCr + half) >> Bits;
        var b = (blue * BlueFromCb + half) >> Bits;
        return (luma + Short(r), luma + Short(g), luma + Short(b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Wide(Vector128<short> v) => Vector256.Create(Vector128.WidenLower(v), Vector128.WidenUpper(v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Short(Vector256<int> v) => Vector128.Narrow(v.GetLower(), v.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Pack(Vector128<short> low, Vector128<short> high) => Vector128.NarrowWithSaturation(
        Vector128.Max(low, Vector128<short>.Zero).AsUInt16(), Vector128.Max(high, Vector128<short>.Zero).AsUInt16());
}
