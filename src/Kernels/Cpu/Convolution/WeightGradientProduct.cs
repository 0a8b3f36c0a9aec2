using System.Runtime.CompilerServices;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradient of a convolution with respect to its weight as sum of outer products: pixel by pixel, some output channels times some channels
/// of the image, for one window element at a time.</summary>
/// <remarks>The upstream gradient is packed once, pixel by pixel. A piece of work brings blocks of the image, with their padding, into an order in which
/// its channels lie side by side; then a window element is a place, and nothing is gathered. Sums stay in registers over a block of pixels, and where
/// there is one block they are written once. The blocks and their order are fixed by the shape.</remarks>
internal sealed unsafe class WeightGradientProduct
{
    /// <summary>Pixels of a block: its image channels and the gradient of a row tile fit a small part of the second-level cache.</summary>
    private const int Pixels = 512;

    /// <summary>Output channels of a piece, for which the same pixels are brought in order once more.</summary>
    private const int Rows = 288;

    /// <summary>Fewer pieces than this would leave threads idle; then the pixels are divided too.</summary>
    private const int FewestPieces = 8;

    private readonly ConvGeometry _geometry;
    private readonly int _images, _channels, _kernels, _height, _width, _gridHeight, _gridWidth, _kernelH, _kernelW;
    private readonly int _stageWidth, _imagesPerBlock, _rowsPerBlock, _imageBlocks, _rowBlocks;
    private readonly float* _source, _upstream;
    private readonly Tensor _target;

    /// <summary>Describes the product.</summary>
    /// <param name="geometry">The convolution's geometry.</param>
    /// <param name="x">The image.</param>
    /// <param name="dy">The upstream gradient, not empty.</param>
    /// <param name="dw">The result.</param>
    public WeightGradientProduct(ConvGeometry geometry, Tensor x, Tensor dy, Tensor dw)
    {
        _geometry = geometry;
        _source = x.Floats;
        _upstream = dy.Floats;
        _target = dw;
        (_images, _channels, _kernels, _kernelH, _kernelW) = (x.Shape[0], dw.Shape[1], dw.Shape[0] / geometry.Groups, dw.Shape[2], dw.Shape[3]);
        (_height, _width, _gridHeight, _gridWidth) = (x.Shape[2], x.Shape[3], dy.Shape[2], dy.Shape[3]);
        bool isPlain = Taps == 1 && geometry is { StrideH: 1, StrideW: 1, PadTop: 0, PadLeft: 0 } && _height == _gridHeight && _width == _gridWidth;
        if (isPlain && Area <= Pixels)
            (_height, _gridHeight, _width, _gridWidth) = (1, 1, Area, Area);
        _stageWidth = (_gridWidth - 1) * geometry.StrideW + (_kernelW - 1) * geometry.DilationW + 1;
        _imagesPerBlock = DivideUp(_images, DivideUp(_images, Math.Max(1, Pixels / Area)));
        _imageBlocks = DivideUp(_images, _imagesPerBlock);
        _rowsPerBlock = DivideUp(_gridHeight, DivideUp(_gridHeight, Math.Clamp(Pixels / _gridWidth, 1, _gridHeight)));
        _rowBlocks = DivideUp(_gridHeight, _rowsPerBlock);
    }

    private int Area => _gridHeight * _gridWidth;

    private int Taps => _kernelH * _kernelW;

    private int Terms => _channels * Taps;

    /// <summary>Whether groups of such widths fill the tiles well enough.</summary>
    public static bool Fits(int channels, int kernels) => channels >= 16 && kernels >= 8;

    /// <summary>Computes the gradient.</summary>
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        var tiles = RowTiles.For<TLanes>(_kernels);
        int groups = _geometry.Groups, blocks = _imageBlocks * _rowBlocks;
        int channelBlocks = DivideUp(_channels, GatherTile<TLanes>.Columns), parts = Math.Min(tiles.Count, DivideUp(_kernels, Rows));
        int pieces = groups * channelBlocks * parts, slices = Math.Clamp(DivideUp(FewestPieces, pieces), 1, blocks);
        int length = _target.Spec.ElementCount;
        nint pixels = (nint)_images * Area;
        using var left = new PooledFloats(_target, groups * tiles.Padded * pixels);
        using var sums = new PooledFloats(_target, slices == 1 ? 0 : (long)slices * length);
        float* packed = left.Pointer, partial = slices == 1 ? _target.Floats : sums.Pointer;
        ParallelRows.For(groups * tiles.Count, chunk => PackUpstream(tiles, chunk / tiles.Count, chunk % tiles.Count, packed));
        ParallelRows.For(pieces * slices, index =>
        {
            int slice = index % slices, piece = index / slices, part = piece % parts, block = piece / parts;
            RunPiece<TLanes>(new Piece(
                block / channelBlocks, block % channelBlocks * GatherTile<TLanes>.Columns, tiles, part * tiles.Count / parts, (part + 1) * tiles.Count / parts,
                (int)((long)slice * blocks / slices), (int)((slice + 1L) * blocks / slices)), packed, partial + (nint)slice * length);
        });
        if (slices > 1)
            AddUp<TLanes>(partial, slices, length);
    }

    /// <summary>One row tile of the upstream gradient: pixel after pixel, all images.</summary>
    private void PackUpstream(in RowTiles tiles, int group, int tile, float* packed)
    {
        int start = tiles.StartOf(tile), size = tiles.SizeOf(tile), rows = Math.Min(size, _kernels - start);
        float* target = packed + ((nint)group * tiles.Padded + start) * _images * Area;
        for (int image = 0; image < _images; image++, target += (nint)Area * size)
        {
            float* source = _upstream + (((nint)image * _geometry.Groups + group) * _kernels + start) * Area;
            LeftPacking.Pack(source, Area, rows, size, new TermLayout(1), Area, target);
        }
    }

    private void RunPiece<TLanes>(in Piece piece, float* packed, float* target)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = GatherTile<TLanes>.Columns, count = Math.Min(width, _channels - piece.FirstChannel), taps = Taps;
        bool isSingle = piece.ToBlock - piece.FromBlock == 1;
        int mostRows = (_rowsPerBlock - 1) * _geometry.StrideH + (_kernelH - 1) * _geometry.DilationH + 1;
        float* stage = ThreadScratch.Floats(ThreadScratch.Use.Stage, (long)_imagesPerBlock * mostRows * _stageWidth * width);
        nint* places = (nint*)ThreadScratch.Floats(ThreadScratch.Use.Rows, 2L * _imagesPerBlock * _rowsPerBlock * _gridWidth);
        // Over a single block a tile is finished as soon as it is computed, and the next one takes its room.
        int firstRow = piece.Tiles.StartOf(piece.FromTile), tileRows = isSingle ? piece.Tiles.SizeOf(piece.FromTile) : piece.Tiles.StartOf(piece.ToTile) - firstRow;
        float* sums = ThreadScratch.Floats(ThreadScratch.Use.Panels, (long)tileRows * taps * width);
        for (int block = piece.FromBlock; block < piece.ToBlock; block++)
        {
            int firstImage = block / _rowBlocks * _imagesPerBlock, images = Math.Min(_imagesPerBlock, _images - firstImage);
            int fromRow = block % _rowBlocks * _rowsPerBlock, rows = Math.Min(_rowsPerBlock, _gridHeight - fromRow);
            int stageRows = (rows - 1) * _geometry.StrideH + (_kernelH - 1) * _geometry.DilationH + 1;
            Stage(piece.Group * _channels + piece.FirstChannel, count, width, firstImage, images, fromRow * _geometry.StrideH - _geometry.PadTop, stageRows, stage);
            int pixels = FindPlaces(images, rows, stageRows, width, places);
            nint firstPixel = (nint)firstImage * Area + fromRow * _gridWidth;
            for (int tile = piece.FromTile; tile < piece.ToTile; tile++)
            {
                int start = piece.Tiles.StartOf(tile), size = piece.Tiles.SizeOf(tile), inside = Math.Min(size, _kernels - start);
                float* a = packed + ((nint)piece.Group * piece.Tiles.Padded + start) * _images * Area + firstPixel * size;
                float* c = isSingle ? sums : sums + (nint)(start - firstRow) * taps * width;
                float* result = target + ((nint)piece.Group * _kernels + start) * Terms + piece.FirstChannel * taps;
                if (isSingle && taps == 1 && inside == size && count == width)
                {
                    GatherTile<TLanes>.Multiply(size, a, stage, places, pixels, result, Terms, false);
                    continue;
                }

                for (int tap = 0; tap < taps; tap++)
                {
                    nint place = ((nint)(tap / _kernelW) * _geometry.DilationH * _stageWidth + tap % _kernelW * _geometry.DilationW) * width;
                    GatherTile<TLanes>.Multiply(size, a, stage + place, places, pixels, c + (nint)tap * size * width, width, block > piece.FromBlock);
                }

                if (block + 1 < piece.ToBlock)
                    continue;
                for (int m = 0; m < inside; m++)
                    Transposition.Copy(c + m * width, size * width, taps, count, result + (nint)m * Terms, taps);
            }
        }
    }

    /// <summary>Brings rows of some channels into the order pixel by pixel, with zeros where the window looks beyond the image.</summary>
    private void Stage(int channel, int count, int width, int firstImage, int images, int firstRow, int rows, float* stage)
    {
        nint plane = (nint)_height * _width;
        int from = Math.Clamp(_geometry.PadLeft, 0, _stageWidth), to = Math.Clamp(_width + _geometry.PadLeft, from, _stageWidth);
        nint pitch = (nint)_stageWidth * width;
        for (int image = firstImage; image < firstImage + images; image++)
        {
            float* planes = _source + ((nint)image * _geometry.Groups * _channels + channel) * plane;
            for (int r = firstRow; r < firstRow + rows; r++, stage += pitch)
            {
                if ((uint)r >= (uint)_height)
                {
                    new Span<float>(stage, (int)pitch).Clear();
                    continue;
                }

                new Span<float>(stage, from * width).Clear();
                float* row = planes + (nint)r * _width + from - _geometry.PadLeft;
                LeftPacking.Pack(row, plane, count, width, new TermLayout(1), to - from, stage + (nint)from * width);
                new Span<float>(stage + (nint)to * width, (_stageWidth - to) * width).Clear();
            }
        }
    }

    /// <summary>Where each output pixel's first window element lies in the stage; gives their number.</summary>
    private int FindPlaces(int images, int rows, int stageRows, int width, nint* places)
    {
        int count = 0;
        for (int image = 0; image < images; image++)
        {
            for (int y = 0; y < rows; y++)
            {
                nint place = ((nint)image * stageRows + y * _geometry.StrideH) * _stageWidth * width;
                for (int x = 0; x < _gridWidth; x++, place += (nint)_geometry.StrideW * width)
                    places[count++] = place;
            }
        }

        return count;
    }

    private void AddUp<TLanes>(float* partial, int slices, int length)
        where TLanes : struct, ILanes<TLanes>
    {
        float* target = _target.Floats;
        ParallelRows.ForRanges(length, ElementwiseLoops.Grain, (from, to) =>
        {
            int i = from;
            for (; i <= to - TLanes.Count; i += TLanes.Count)
            {
                var sum = TLanes.Load(partial + i);
                for (int slice = 1; slice < slices; slice++)
                    sum += TLanes.Load(partial + (nint)slice * length + i);
                sum.Store(target + i);
            }

            for (; i < to; i++)
            {
                float sum = partial[i];
                for (int slice = 1; slice < slices; slice++)
                    sum += partial[(nint)slice * length + i];
                target[i] = sum;
            }
        });
    }

    private static int DivideUp(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <summary>Some row tiles of a group times one block of channels, summed over some blocks of pixels.</summary>
    private readonly record struct Piece(int Group, int FirstChannel, RowTiles Tiles, int FromTile, int ToTile, int FromBlock, int ToBlock);
}
