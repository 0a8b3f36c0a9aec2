using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A convolution as matrix product: packed weights times columns that are gathered from the image block by block.</summary>
internal sealed unsafe class ConvolutionProduct
{
    /// <summary>The grid of outputs over the source.</summary>
    public required ImageTaps Taps { get; init; }

    /// <summary>Number of images.</summary>
    public required int Images { get; init; }

    /// <summary>Number of groups.</summary>
    public required int Groups { get; init; }

    /// <summary>Source channels of one group.</summary>
    public required int Channels { get; init; }

    /// <summary>Output channels of one group.</summary>
    public required int Rows { get; init; }

    /// <summary>The source planes [images, groups · channels, height, width].</summary>
    public required float* Source { get; init; }

    /// <summary>Weights of every group, packed or not.</summary>
    public required float* Left { get; init; }

    /// <summary>How the rows of weights lie, if they are not packed; then each tile is packed when it is needed.</summary>
    public WeightRows? Unpacked { get; init; }

    /// <summary>One number per output channel, or null.</summary>
    public float* Bias { get; init; }

    /// <summary>Where output (0, 0) of the first channel of the first image goes.</summary>
    public required float* Target { get; init; }

    /// <summary>Elements of an output plane.</summary>
    public required nint TargetPlane { get; init; }

    /// <summary>Elements from one output row to the next.</summary>
    public required int TargetRowStep { get; init; }

    /// <summary>Elements from one output column to the next.</summary>
    public required int TargetColumnStep { get; init; }

    /// <summary>Whether to leave weights unpacked: each tile meets so few columns that packing it beforehand would only move it through memory.</summary>
    /// <param name="groups">Groups.</param>
    /// <param name="images">Images.</param>
    /// <param name="taps">The grid of outputs.</param>
    /// <param name="rows">Output channels of a group.</param>
    public static bool PacksLate<TLanes>(int groups, int images, ImageTaps taps, int rows)
        where TLanes : struct, ILanes<TLanes> =>
        taps.Count <= GemmBlock.Terms && new ConvolutionBlocks(groups, images, taps.Area, RowTiles.For<TLanes>(rows), GemmTile<TLanes>.Columns).ColumnBlocks <= 2;

    private bool IsDense => TargetColumnStep == 1 && TargetRowStep == Taps.GridWidth;

    /// <summary>Computes all outputs.</summary>
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        var tiles = RowTiles.For<TLanes>(Rows);
        var blocks = new ConvolutionBlocks(Groups, Images, Taps.Area, tiles, GemmTile<TLanes>.Columns);
        ParallelRows.For(blocks.Count, index => RunBlock<TLanes>(tiles, blocks[index]));
    }

    [SkipLocalsInit]
    private void RunBlock<TLanes>(RowTiles tiles, ConvolutionBlocks.Block block)
        where TLanes : struct, ILanes<TLanes>
    {
        int terms = Channels * Taps.Count;
        // Whole channels, so that each is staged once.
        int count = block.Images * (block.To - block.From), mostTerms = GemmBlock.TermsFor(count);
        int termBlock = Taps.Count <= mostTerms ? mostTerms / Taps.Count * Taps.Count : mostTerms;
        nint sourcePlane = (nint)Taps.Height * Taps.Width, imageStride = Groups * Channels * sourcePlane;
        Span<ImageColumns.Run> runs = stackalloc ImageColumns.Run[ImageColumns.MostRuns(count, GemmTile<TLanes>.Columns)];
        var columns = new ImageColumns(
            Taps, Source + block.FirstImage * imageStride + block.Group * Channels * sourcePlane, Source + Images * imageStride, imageStride,
            block.Images, block.From, block.To, GemmTile<TLanes>.Columns, GemmBlock.PanelStride<TLanes>(terms, termBlock), runs);

        nint targetImage = Groups * Rows * TargetPlane;
        float* target = Target + block.FirstImage * targetImage + block.Group * Rows * TargetPlane;
        int* places = null;
        if (block.Images > 1 || !IsDense)
        {
            int* room = stackalloc int[GemmBlock.Columns];
            for (int j = 0, image = 0; image < block.Images; image++)
            {
                for (int p = block.From; p < block.To; p++, j++)
                    room[j] = (int)(image * targetImage) + p / Taps.GridWidth * TargetRowStep + p % Taps.GridWidth * TargetColumnStep;
            }

            places = room;
        }
        else
            target += block.From;

        var left = Unpacked is { } layout
            ? LeftOperand.Rows(Left + (nint)block.Group * Channels * Rows * layout.Area, layout.RowStride, layout.Terms)
            : LeftOperand.Packed(Left + (nint)block.Group * tiles.Padded * terms);
        GemmBlock.Multiply<TLanes, ImageColumns>(
            tiles, block.FromTile, block.ToTile, left, terms, termBlock, ref columns, count,
            Bias == null ? null : Bias + block.Group * Rows, target, TargetPlane, places);
    }

    /// <summary>How rows of weights lie.</summary>
    /// <param name="RowStride">Elements from one row to the next.</param>
    /// <param name="Terms">Where the terms of a row lie.</param>
    /// <param name="Area">Window elements of the weight, whether taps or not.</param>
    internal readonly record struct WeightRows(nint RowStride, TermLayout Terms, int Area);
}
