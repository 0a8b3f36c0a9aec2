using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Patches of images in either order.</summary>
internal interface IPatches
{
    /// <summary>Where their elements lie.</summary>
    ImageGather Gather { get; }

    /// <summary>The same for tensor cores.</summary>
    /// <param name="pixels">Entries of the pixels, and behind the last up to a whole slice of such as meet nothing.</param>
    GatheredRows Gathered(ArrayView<PatchEntry> pixels);
}

/// <summary>Patches with a pixel a row: what a filter is multiplied with, forward and for the gradient of the input.</summary>
internal readonly struct PatchesByPixel(ImageGather gather) : IGemmOperand<Window, Tap>, IPatches
{
    private readonly ImageGather _gather = gather;

    public ImageGather Gather => _gather;

    public static bool DepthIsContiguous => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Window Row(int batch, int row) => _gather.WindowOf(batch, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Tap Depth(int batch, int depth) => _gather.TapOf(depth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(Window row, Tap depth) => _gather.Load(row, depth);

    public GatheredRows Gathered(ArrayView<PatchEntry> pixels) => _gather.ByPixel(pixels);
}

/// <summary>Patches with a tap a row, summed over pixels: for the gradient of the weights.</summary>
internal readonly struct PatchesByTap(ImageGather gather, int rows) : IGemmOperand<Tap, Window>, IPatches
{
    private readonly ImageGather _gather = gather;
    private readonly int _rows = rows;

    public ImageGather Gather => _gather;

    public static bool DepthIsContiguous => true;

    // Row "rows" is the first of the taps that meet nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Tap Row(int batch, int row) => _gather.TapOf(IntrinsicMath.Min(row, _rows));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Window Depth(int batch, int depth) => _gather.WindowOf(batch, depth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(Tap row, Window depth) => _gather.Load(depth, row);

    public GatheredRows Gathered(ArrayView<PatchEntry> pixels) => _gather.ByTap(pixels, _rows);
}

/// <summary>Weights with an input channel a row, in the order of the taps of one phase: for the gradient of the input.</summary>
/// <param name="weights">[O, I/groups, KH, KW].</param>
/// <param name="taps">Taps over output channels and filter positions.</param>
/// <param name="rows">Input channels of a group.</param>
/// <param name="groupStride">Elements of a group's weights.</param>
/// <param name="rowStride">Elements from a channel to the next: KH · KW.</param>
internal readonly struct WeightsByTap(ArrayView<float> weights, ArrayView<Tap> taps, int rows, int groupStride, int rowStride) : IGemmOperand<int, int>
{
    private readonly ArrayView<float> _weights = weights;
    private readonly ArrayView<Tap> _taps = taps;
    private readonly int _rows = rows;
    private readonly int _groupStride = groupStride;
    private readonly int _rowStride = rowStride;

    public static bool DepthIsContiguous => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int row) => batch * _groupStride + IntrinsicMath.Min(row, _rows - 1) * _rowStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Depth(int batch, int depth) => _taps[depth].Weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(int row, int depth) => Utilities.Select(depth >= 0, _weights[row + IntrinsicMath.Max(depth, 0)], 0f);
}

/// <summary>An image with a channel a row, summed over the pixels of all images: the output's gradient for the gradient of the weights.</summary>
/// <param name="image">[N, C, plane].</param>
/// <param name="plane">Pixels of an image.</param>
/// <param name="pixels">Pixels of all images.</param>
/// <param name="rows">Channels of a group.</param>
/// <param name="imageStride">Elements from an image to the next.</param>
internal readonly struct PixelsByChannel(ArrayView<float> image, FastDivisor plane, int pixels, int rows, int imageStride) : IGemmOperand<int, int>
{
    private readonly ArrayView<float> _image = image;
    private readonly FastDivisor _plane = plane;
    private readonly int _pixels = pixels;
    private readonly int _rows = rows;
    private readonly int _imageStride = imageStride;

    public static bool DepthIsContiguous => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int row) => (batch * _rows + IntrinsicMath.Min(row, _rows - 1)) * _plane.Divisor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Depth(int batch, int depth)
    {
        int n = _plane.Divide(depth);
        return Utilities.Select(depth < _pixels, n * _imageStride + depth - n * _plane.Divisor, -1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(int row, int depth) => Utilities.Select(depth >= 0, _image[row + IntrinsicMath.Max(depth, 0)], 0f);
}
