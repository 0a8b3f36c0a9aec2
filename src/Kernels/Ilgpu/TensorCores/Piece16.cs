using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Sixteen bytes as numbers: eight of 16 bits, or four of 32, of which then only the low half counts.</summary>
internal static class Piece16
{
    /// <summary>Rounds numbers and packs them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word4 Pack<TFormat>(Float4 low, Float4 high)
        where TFormat : struct, ITensorFormat
    {
        var words = default(Word4);
        if (TFormat.PerWord > 1)
        {
            words.X = TFormat.Pack(low.X, low.Y);
            words.Y = TFormat.Pack(low.Z, low.W);
            words.Z = TFormat.Pack(high.X, high.Y);
            words.W = TFormat.Pack(high.Z, high.W);
        }
        else
        {
            words.X = TFormat.Pack(low.X, 0);
            words.Y = TFormat.Pack(low.Y, 0);
            words.Z = TFormat.Pack(low.Z, 0);
            words.W = TFormat.Pack(low.W, 0);
        }

        return words;
    }

    /// <summary>The first four numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Low<TFormat>(Word4 words)
        where TFormat : struct, ITensorFormat
    {
        var low = default(Float4);
        low.X = TFormat.First(words.X);
        low.Y = TFormat.PerWord > 1 ? TFormat.Second(words.X) : TFormat.First(words.Y);
        low.Z = TFormat.PerWord > 1 ? TFormat.First(words.Y) : TFormat.First(words.Z);
        low.W = TFormat.PerWord > 1 ? TFormat.Second(words.Y) : TFormat.First(words.W);
        return low;
    }

    /// <summary>The last four numbers; zeros where there are only four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 High<TFormat>(Word4 words)
        where TFormat : struct, ITensorFormat
    {
        var high = default(Float4);
        if (TFormat.PerWord > 1)
        {
            high.X = TFormat.First(words.Z);
            high.Y = TFormat.Second(words.Z);
            high.Z = TFormat.First(words.W);
            high.W = TFormat.Second(words.W);
        }

        return high;
    }
}
