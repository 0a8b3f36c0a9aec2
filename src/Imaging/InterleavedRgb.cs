using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Imaging;

/// <summary>Writes sixteen pixels given as three planes in interleaved order.</summary>
internal static class InterleavedRgb
{
    /// <param name="r">Sixteen red bytes.</param>
    /// <param name="g">Sixteen green bytes.</param>
    /// <param name="b">Sixteen blue bytes.</param>
    /// <param name="target">48 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<byte> r, Vector128<byte> g, Vector128<byte> b, Span<byte> target)
    {
        // Index 255 gives zero, so that the three picks of each vector can be joined by "or".
        const byte n = 255;
        var first = Vector128.Shuffle(r, Vector128.Create((byte)0, n, n, 1, n, n, 2, n, n, 3, n, n, 4, n, n, 5))
            | Vector128.Shuffle(g, Vector128.Create(n, (byte)0, n, n, 1, n, n, 2, n, n, 3, n, n, 4, n, n))
            | Vector128.Shuffle(b, Vector128.Create(n, n, (byte)0, n, n, 1, n, n, 2, n, n, 3, n, n, 4, n));
        var second = Vector128.Shuffle(r, Vector128.Create(n, n, (byte)6, n, n, 7, n, n, 8, n, n, 9, n, n, 10, n))
            | Vector128.Shuffle(g, Vector128.Create((byte)5, n, n, 6, n, n, 7, n, n, 8, n, n, 9, n, n, 10))
            | Vector128.Shuffle(b, Vector128.Create(n, (byte)5, n, n, 6, n, n, 7, n, n, 8, n, n, 9, n, n));
        var third = Vector128.Shuffle(r, Vector128.Create(n, (byte)11, n, n, 12, n, n, 13, n, n, 14, n, n, 15, n, n))
            | Vector128.Shuffle(g, Vector128.Create(n, n, (byte)11, n, n, 12, n, n, 13, n, n, 14, n, n, 15, n))
            | Vector128.Shuffle(b, Vector128.Create((byte)10, n, n, 11, n, n, 12, n, n, 13, n, n, 14, n, n, 15));
        first.CopyTo(target);
        second.CopyTo(target[16..]);
        third.CopyTo(target[32..]);
    }
}
