using System.Numerics;
using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>The five row filters (ISO/IEC 15948, 9.2).</summary>
internal static class PngFilters
{
    /// <param name="filter">0 to 4.</param>
    /// <param name="row">The filtered row behind <paramref name="distance"/> zeros; replaced by the true row.</param>
    /// <param name="above">The true row above, in the same layout.</param>
    /// <param name="distance">Bytes of a pixel, at least 1.</param>
    /// <returns>False for an unknown filter.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Undo(int filter, Span<byte> row, ReadOnlySpan<byte> above, int distance)
    {
        above = above[..row.Length];
        switch (filter)
        {
            case 0:
                return true;
            case 1:
                for (int i = distance; i < row.Length; i++)
                    row[i] += row[i - distance];
                return true;
            case 2:
                Up(row[distance..], above[distance..]);
                return true;
            case 3:
                for (int i = distance; i < row.Length; i++)
                    row[i] += (byte)((row[i - distance] + above[i]) >> 1);
                return true;
            case 4:
                for (int i = distance; i < row.Length; i++)
                    row[i] += Paeth(row[i - distance], above[i], above[i - distance]);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Filters a row and gives the sum of magnitudes of the output as signed bytes.</summary>
    /// <param name="filter">0 to 4.</param>
    /// <param name="row">The true row.</param>
    /// <param name="above">The true row above; zeros above the first.</param>
    /// <param name="target">The filtered row.</param>
    /// <param name="distance">Bytes of a pixel.</param>
    public static long Apply(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, Span<byte> target, int distance)
    {
        long cost = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= distance ? row[i - distance] : 0, corner = i >= distance ? above[i - distance] : 0;
            int expected = filter switch
            {
                0 => 0,
                1 => left,
                2 => above[i],
                3 => (left + above[i]) >> 1,
                _ => Paeth(left, above[i], corner),
            };
            target[i] = (byte)(row[i] - expected);
            cost += Math.Abs((int)(sbyte)target[i]);
        }

        return cost;
    }

    /// <summary>Whichever neighbour is nearest to left + above - corner; ties in this order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Paeth(int left, int above, int corner)
    {
        int toLeft = Math.Abs(above - corner), toAbove = Math.Abs(left - corner), toCorner = Math.Abs(left + above - 2 * corner);
        return (byte)(toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner);
    }

    private static void Up(Span<byte> row, ReadOnlySpan<byte> above)
    {
        int i = 0;
        for (; i <= row.Length - Vector<byte>.Count; i += Vector<byte>.Count)
            (new Vector<byte>(row[i..]) + new Vector<byte>(above[i..])).CopyTo(row[i..]);
        for (; i < row.Length; i++)
            row[i] += above[i];
    }
}
