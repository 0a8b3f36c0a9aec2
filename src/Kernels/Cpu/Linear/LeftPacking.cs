using System.Runtime.CompilerServices;

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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTile(in RowTiles tiles, int tile, float* source, nint rowStride, TermLayout layout, int terms, float* packed)
    {
        int start = tiles.StartOf(tile), size = tiles.SizeOf(tile), rows = Math.Min(size, tiles.Rows - start);
        float* target = packed + (nint)start * terms;
        float* run = source + start * rowStride;
        var taps = layout.Taps;
        for (int k = 0; k < terms; k += taps.Length)
        {
            foreach (int tap in taps)
            {
                float* element = run + tap;
                for (int i = 0; i < rows; i++)
                    target[i] = element[i * rowStride];
                for (int i = rows; i < size; i++)
                    target[i] = 0;
                target += size;
            }

            run += layout.Stride;
        }
    }
}
