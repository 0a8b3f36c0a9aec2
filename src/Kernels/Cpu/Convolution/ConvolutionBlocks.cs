namespace ResNeSt.Kernels.Cpu;

/// <summary>How the outputs of a convolution are divided into independent pieces, by its shape alone: groups, blocks of images and pixels, blocks of channels.</summary>
internal readonly struct ConvolutionBlocks
{
    /// <summary>Fewer pieces than this would leave threads idle; channels are divided until there are so many.</summary>
    private const int FewestPieces = 8;

    /// <summary>Rows that are worth packing the same pixels once more for.</summary>
    private const int FewestRows = 192;

    private readonly int _images, _area, _tiles, _imagesPerBlock, _imageBlocks, _pixelsPerBlock, _pixelBlocks, _rowBlocks;

    /// <summary>Divides the outputs.</summary>
    /// <param name="groups">Groups.</param>
    /// <param name="images">Images.</param>
    /// <param name="area">Output pixels of one image.</param>
    /// <param name="tiles">Row tiles of one group.</param>
    /// <param name="panel">Columns of a panel, which pixel blocks are multiples of.</param>
    public ConvolutionBlocks(int groups, int images, int area, RowTiles tiles, int panel)
    {
        (_images, _area, _tiles) = (images, area, tiles.Count);
        _imageBlocks = DivideUp(images, Math.Max(1, GemmBlock.Columns / area));
        _imagesPerBlock = DivideUp(images, _imageBlocks);
        _imageBlocks = DivideUp(images, _imagesPerBlock);
        _pixelBlocks = DivideUp(area, GemmBlock.Columns);
        _pixelsPerBlock = DivideUp(DivideUp(area, _pixelBlocks), panel) * panel;
        _pixelBlocks = DivideUp(area, _pixelsPerBlock);
        ColumnBlocks = _imageBlocks * _pixelBlocks;
        int pieces = groups * ColumnBlocks;
        _rowBlocks = Math.Clamp(DivideUp(FewestPieces, pieces), 1, Math.Clamp(tiles.Padded / FewestRows, 1, tiles.Count));
        Count = pieces * _rowBlocks;
    }

    /// <summary>Number of pieces.</summary>
    public int Count { get; }

    /// <summary>Blocks of images and pixels: how often each tile of the left operand is asked for.</summary>
    public int ColumnBlocks { get; }

    /// <summary>One piece.</summary>
    public Block this[int index]
    {
        get
        {
            int rows = index % _rowBlocks, pixels = index / _rowBlocks % _pixelBlocks;
            int images = index / _rowBlocks / _pixelBlocks % _imageBlocks, group = index / _rowBlocks / _pixelBlocks / _imageBlocks;
            int firstImage = images * _imagesPerBlock, from = pixels * _pixelsPerBlock;
            return new Block(
                group, firstImage, Math.Min(_imagesPerBlock, _images - firstImage), from, Math.Min(from + _pixelsPerBlock, _area),
                rows * _tiles / _rowBlocks, (rows + 1) * _tiles / _rowBlocks);
        }
    }

    private static int DivideUp(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <summary>A piece of the outputs: tiles [FromTile, ToTile) of a group for pixels [From, To) of some images.</summary>
    internal readonly record struct Block(int Group, int FirstImage, int Images, int From, int To, int FromTile, int ToTile);
}
