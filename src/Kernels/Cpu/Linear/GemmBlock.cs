using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A block of a matrix product: some row tiles of a packed left operand times some columns, all terms.</summary>
internal static unsafe class GemmBlock
{
    /// <summary>Columns that one block should have: with <see cref="Terms"/> they fill a good part of a core's second-level cache.</summary>
    public const int Columns = 256;

    /// <summary>Terms that are packed at once.</summary>
    public const int Terms = 256;

    /// <summary>Terms to pack at once for so many columns: more where there are few, for each block adds to the results once.</summary>
    public static int TermsFor(int columns) => Math.Clamp(Columns * Terms / Math.Max(1, columns), Terms, 2 * Terms);

    /// <summary>Elements from one packed panel to the next. The extra term lets vectors be stored over the end of the last one.</summary>
    public static nint PanelStride<TLanes>(int terms, int termBlock)
        where TLanes : struct, ILanes<TLanes> => (nint)(Math.Min(termBlock, terms) + 1) * GemmTile<TLanes>.Columns;

    /// <summary>c[m, n] = bias[m] + Σ_k a[m, k] · b[k, n] for the rows of tiles [<paramref name="fromTile"/>, <paramref name="toTile"/>).</summary>
    /// <remarks>A row tile stays in the first-level cache while the panels of the block pass by, so that the left operand (the weights) is read
    /// once per block.</remarks>
    /// <param name="tiles">Division of the rows.</param>
    /// <param name="fromTile">First tile.</param>
    /// <param name="toTile">Behind the last tile.</param>
    /// <param name="left">The left operand.</param>
    /// <param name="terms">Length of the sums.</param>
    /// <param name="termBlock">Terms to pack at once.</param>
    /// <param name="source">The right operand.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="bias">One number per row, or null.</param>
    /// <param name="target">Where row 0, column 0 of the result goes.</param>
    /// <param name="rowStride">Elements from one result row to the next.</param>
    /// <param name="places">Where each column lies in a result row; null if they lie side by side.</param>
    [SkipLocalsInit]
    public static void Multiply<TLanes, TSource>(
        in RowTiles tiles, int fromTile, int toTile, LeftOperand left, int terms, int termBlock, ref TSource source, int columns,
        float* bias, float* target, nint rowStride, int* places)
        where TLanes : struct, ILanes<TLanes>
        where TSource : struct, IColumnSource, allows ref struct
    {
        int width = GemmTile<TLanes>.Columns, panelCount = (columns + width - 1) / width;
        nint panelStride = PanelStride<TLanes>(terms, termBlock);
        float* panels = ThreadScratch.Floats(ThreadScratch.Use.Panels, panelCount * panelStride + width);
        float* corner = stackalloc float[12 * 32];
        float* cornerBias = stackalloc float[12];
        int firstTerm = 0;
        do
        {
            int count = Math.Min(termBlock, terms - firstTerm);
            source.Pack<TLanes>(firstTerm, count, panels, panelStride);
            for (int tile = fromTile; tile < toTile; tile++)
            {
                int start = tiles.StartOf(tile), size = tiles.SizeOf(tile), rows = Math.Min(size, tiles.Rows - start);
                float* a = left.Tile(tiles, tile, firstTerm, count, terms);
                float* tileBias = firstTerm > 0 || bias == null ? null : bias + start;
                if (tileBias != null && rows < size)
                {
                    for (int i = 0; i < size; i++)
                        cornerBias[i] = i < rows ? tileBias[i] : 0;
                    tileBias = cornerBias;
                }

                float* c = target + start * rowStride;
                for (int panel = 0; panel < panelCount; panel++)
                {
                    float* b = panels + panel * panelStride;
                    int first = panel * width, inside = Math.Min(width, columns - first);
                    if (rows == size && inside == width && places == null)
                    {
                        GemmTile<TLanes>.Multiply(size, a, b, count, tileBias, c + first, rowStride, firstTerm > 0);
                        continue;
                    }

                    GemmTile<TLanes>.Multiply(size, a, b, count, tileBias, corner, width, false);
                    CopyCorner<TLanes>(
                        corner, width, rows, inside, places == null ? c + first : c, rowStride, places == null ? null : places + first, firstTerm > 0);
                }
            }

            firstTerm += count;
        }
        while (firstTerm < terms);
    }

    /// <summary>Copies the inside of a tile to its places, a stretch of neighbouring places at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyCorner<TLanes>(float* corner, int width, int rows, int columns, float* c, nint rowStride, int* places, bool accumulate)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int from = 0; from < columns;)
        {
            int to = places == null ? columns : from + 1;
            while (to < columns && places[to] == places[to - 1] + 1)
                to++;
            float* target = c + (places == null ? 0 : places[from]);
            for (int i = 0; i < rows; i++)
                CopyRow<TLanes>(corner + i * width + from, to - from, target + i * rowStride, accumulate);
            from = to;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow<TLanes>(float* source, int count, float* target, bool accumulate)
        where TLanes : struct, ILanes<TLanes>
    {
        int j = 0;
        for (; j <= count - TLanes.Count; j += TLanes.Count)
        {
            var value = TLanes.Load(source + j);
            if (accumulate)
                value += TLanes.Load(target + j);
            value.Store(target + j);
        }

        // Small planes lie in short stretches.
        for (; j <= count - Vector128<float>.Count; j += Vector128<float>.Count)
        {
            var value = Vector128.Load(source + j);
            if (accumulate)
                value += Vector128.Load(target + j);
            value.Store(target + j);
        }

        for (; j < count; j++)
            target[j] = accumulate ? target[j] + source[j] : source[j];
    }
}
