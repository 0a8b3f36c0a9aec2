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

    /// <summary>The left operand of every group, packed.</summary>
    public required float* Left { get; init; }

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
        int termBlock = Taps.Count <= GemmBlock.Terms ? GemmBlock.Terms / Taps.Count * Taps.Count : GemmBlock.Terms;
        nint sourcePlane = (nint)Taps.Height * Taps.Width, imageStride = Groups * Channels * sourcePlane;
        int count = block.Images * (block.To - block.From);
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

        GemmBlock.Multiply<TLanes, ImageColumns>(
            tiles, block.FromTile, block.ToTile, Left + (nint)block.Group * tiles.Padded * terms, terms, termBlock, ref columns, count,
            Bias == null ? null : Bias + block.Group * Rows, target, TargetPlane, places);
    }
}
