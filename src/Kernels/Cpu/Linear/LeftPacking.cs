using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Brings the rows of a left operand into the order in which <see cref="GemmTile{TLanes}"/> reads them: tile by tile, term by term, row by row.</summary>
internal static unsafe class LeftPacking
{
    /// <summary>Packs one tile; rows behind the last are zero.</summary>
    /// <param name="tiles">The division into tiles.</param>
    /// <param name="tile">Which tile.</param>
    /// <param name="source">First row.</param>
    /// <param name="rowStride">Elements from one row to the next.</param>
    /// <param name="layout">Where the terms of a row lie.</param>
    /// <param name="terms">Terms of a row.</param>
    /// <param name="packed">The packed operand; the tile's place in it follows from its first row.</param>
    public static void PackTile(in RowTiles tiles, int tile, float* source, nint rowStride, TermLayout layout, int terms, float* packed)
    {
        int start = tiles.StartOf(tile), size = tiles.SizeOf(tile);
        Pack(source + start * rowStride, rowStride, Math.Min(size, tiles.Rows - start), size, layout, terms, packed + (nint)start * terms);
    }

    /// <summary>Packs some rows; up to <paramref name="size"/> they are made up by zeros.</summary>
    /// <param name="source">First row, at the first term of a run of taps.</param>
    /// <param name="rowStride">Elements from one row to the next.</param>
    /// <param name="rows">Rows that there are.</param>
    /// <param name="size">Rows of the tile.</param>
    /// <param name="layout">Where the terms of a row lie.</param>
    /// <param name="terms">Number of terms.</param>
    /// <param name="target">Room for <paramref name="size"/> · <paramref name="terms"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* source, nint rowStride, int rows, int size, TermLayout layout, int terms, float* target)
    {
        var taps = layout.Taps;
        if (taps.Length == 1 && layout.Stride == 1)
            Transposition.Copy(source + taps[0], rowStride, rows, terms, target, size);
        else if (taps.Length == 1 && rowStride == 1)
            CopyTerms(source + taps[0], layout.Stride, rows, terms, target, size);
        else if (layout.IsContiguous)
        {
            for (int k = 0; k < terms; k += taps.Length)
                Transposition.Copy(source + k / taps.Length * layout.Stride + taps[0], rowStride, rows, taps.Length, target + (nint)k * size, size);
        }
        else
        {
            float* to = target;
            for (int k = 0; k < terms; k += taps.Length, source += layout.Stride)
            {
                foreach (int tap in taps)
                {
                    for (int i = 0; i < rows; i++)
                        to[i] = source[i * rowStride + tap];
                    to += size;
                }
            }
        }

        for (int i = rows; i < size; i++)
        {
            for (nint k = 0; k < terms; k++)
                target[k * size + i] = 0;
        }
    }

    /// <summary>Rows that lie side by side: each term is a stretch of the source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyTerms(float* source, nint termStride, int rows, int terms, float* target, int size)
    {
        for (int k = 0; k < terms; k++, source += termStride, target += size)
        {
            int i = 0;
            for (; i <= rows - 4; i += 4)
                Vector128.Load(source + i).Store(target + i);
            for (; i < rows; i++)
                target[i] = source[i];
        }
    }
}
