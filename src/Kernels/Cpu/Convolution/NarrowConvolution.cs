namespace ResNeSt.Kernels.Cpu;

/// <summary>Convolutions of a few output channels per group (depthwise among them), row by row from staged images.</summary>
internal static unsafe class NarrowConvolution
{
    /// <summary>Output channels per group up to which gathering columns would cost more than multiplying them.</summary>
    private const int MostRows = 8;

    /// <summary>Output pixels that one piece of work should have.</summary>
    private const int Pixels = 2048;

    /// <summary>Whether groups of so many output channels are computed this way.</summary>
    public static bool Fits(int rows) => rows <= MostRows;

    /// <summary>Output channels with those that are added to fill tiles.</summary>
    public static int PackedRows(int rows) => rows <= 2 ? rows : (rows + 3) / 4 * 4;

    /// <summary>Packs the weights of one group: tile by tile, term by term, channel by channel.</summary>
    /// <param name="source">First row.</param>
    /// <param name="rowStride">Elements from one row to the next.</param>
    /// <param name="layout">Where the terms of a row lie.</param>
    /// <param name="rows">Output channels.</param>
    /// <param name="terms">Terms of a row.</param>
    /// <param name="packed">Room for <see cref="PackedRows"/> · terms.</param>
    public static void PackLeft(float* source, nint rowStride, TermLayout layout, int rows, int terms, float* packed)
    {
        int tile = TileRows(rows);
        var taps = layout.Taps;
        for (int m = 0; m < rows; m += tile)
        {
            for (int k = 0; k < terms; k++)
            {
                float* element = source + k / taps.Length * layout.Stride + taps[k % taps.Length];
                for (int i = m; i < m + tile; i++)
                    *packed++ = i < rows ? element[i * rowStride] : 0;
            }
        }
    }

    /// <summary>Computes all outputs of a convolution whose left operand is packed by <see cref="PackLeft"/>.</summary>
    public static void Run<TLanes>(ConvolutionProduct product)
        where TLanes : struct, ILanes<TLanes>
    {
        var taps = product.Taps;
        int rowsPerPiece = Math.Clamp(Pixels / taps.GridWidth, 1, taps.GridHeight);
        int pieces = (taps.GridHeight + rowsPerPiece - 1) / rowsPerPiece;
        ParallelRows.For(product.Images * product.Groups * pieces, index =>
        {
            int fromRow = index % pieces * rowsPerPiece, image = index / pieces;
            RunRows<TLanes>(product, image / product.Groups, image % product.Groups, fromRow, Math.Min(fromRow + rowsPerPiece, taps.GridHeight));
        });
    }

    private static int TileRows(int rows) => rows <= 2 ? rows : 4;

    private static void RunRows<TLanes>(ConvolutionProduct product, int image, int group, int fromRow, int toRow)
        where TLanes : struct, ILanes<TLanes>
    {
        var taps = product.Taps;
        int terms = product.Channels * taps.Count, rows = product.Rows, tile = TileRows(rows), width = NarrowTile<TLanes>.Columns;
        nint plane = (nint)taps.Height * taps.Width, firstPlane = (nint)(image * product.Groups + group) * product.Channels;
        var columns = new ImageColumns(
            taps, product.Source + firstPlane * plane, null, 0, 1, fromRow * taps.GridWidth, toRow * taps.GridWidth, int.MaxValue, 0, default);
        nint stageLength = (nint)columns.StageLength;
        // Tiles read over the end of the last row; what lies there must not be subnormal by chance, which is slow.
        float* stage = ThreadScratch.Floats(ThreadScratch.Use.Stage, product.Channels * stageLength + width);
        new Span<float>(stage + product.Channels * stageLength, width).Clear();
        nint* offsets = (nint*)ThreadScratch.Floats(ThreadScratch.Use.Panels, 2L * terms);
        for (int c = 0, k = 0; c < product.Channels; c++)
        {
            columns.StageChannel(c, stage + c * stageLength);
            foreach (int place in taps.Places)
                offsets[k++] = c * stageLength + place;
        }

        float* left = product.Left + (nint)group * PackedRows(rows) * terms;
        float* target = product.Target + (nint)(image * product.Groups + group) * rows * product.TargetPlane;
        float* corner = stackalloc float[4 * 32];
        float* bias = stackalloc float[4];
        for (int y = fromRow; y < toRow; y++)
        {
            float* source = stage + (nint)(y - fromRow) * taps.StepH * taps.RowPitch;
            for (int m = 0; m < rows; m += tile)
            {
                int inside = Math.Min(tile, rows - m);
                for (int i = 0; i < inside; i++)
                    bias[i] = product.Bias == null ? 0 : product.Bias[group * rows + m + i];
                for (int x = 0; x < taps.GridWidth; x += width)
                {
                    int count = Math.Min(width, taps.GridWidth - x);
                    float* c = target + m * product.TargetPlane + (nint)y * product.TargetRowStep + x * product.TargetColumnStep;
                    if (count == width && inside == tile && product.TargetColumnStep == 1)
                    {
                        NarrowTile<TLanes>.Multiply(tile, left + (nint)m * terms, source + x, offsets, terms, bias, c, product.TargetPlane);
                        continue;
                    }

                    NarrowTile<TLanes>.Multiply(tile, left + (nint)m * terms, source + x, offsets, terms, bias, corner, width);
                    for (int i = 0; i < inside; i++)
                    {
                        for (int j = 0; j < count; j++)
                            c[i * product.TargetPlane + j * product.TargetColumnStep] = corner[i * width + j];
                    }
                }
            }
        }
    }
}
