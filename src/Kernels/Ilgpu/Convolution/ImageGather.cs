using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The patches of a batch of images as a matrix that is never stored: one side are pixels, the other the taps of the filter.</summary>
/// <param name="image">[N, C, H, W].</param>
/// <param name="taps">The taps of one group, filled up with <see cref="Tap.None"/>.</param>
/// <param name="entries">The same taps for tensor cores.</param>
/// <param name="grid">The pixels.</param>
/// <param name="height">H.</param>
/// <param name="width">W.</param>
/// <param name="imageStride">Elements from an image to the next.</param>
/// <param name="groupStride">Elements from a group's first channel to the next group's.</param>
/// <param name="positions">Rows and columns of the filter: the taps of one channel.</param>
internal readonly struct ImageGather(
    ArrayView<float> image, ArrayView<Tap> taps, ArrayView<PatchEntry> entries, PixelGrid grid, int height, int width, int imageStride, int groupStride, FilterPositions positions)
{
    private readonly ArrayView<float> _image = image;
    private readonly ArrayView<Tap> _taps = taps;
    private readonly ArrayView<PatchEntry> _entries = entries;
    private readonly PixelGrid _grid = grid;
    private readonly int _height = height;
    private readonly int _width = width;
    private readonly int _imageStride = imageStride;
    private readonly int _groupStride = groupStride;
    private readonly int _filterRows = positions.Rows;
    private readonly int _filterColumns = positions.Columns;

    /// <summary>Number of pixels.</summary>
    public int Pixels => _grid.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Window WindowOf(int group, int pixel)
    {
        int n = _grid.Plane.Divide(pixel);
        int inPlane = pixel - n * _grid.Plane.Divisor;
        int y = _grid.Width.Divide(inPlane);
        int x = inPlane - y * _grid.Width.Divisor;
        var window = default(Window);
        // A pixel behind the last gets a window that every tap misses.
        window.Y = Utilities.Select(pixel < _grid.Count, y * _grid.StrideY + _grid.FirstY, Window.Nowhere);
        window.X = x * _grid.StrideX + _grid.FirstX;
        window.Origin = n * _imageStride + group * _groupStride + window.Y * _width + window.X;
        return window;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Tap TapOf(int index) => _taps[index];

    /// <summary>The element that a tap meets; zero in the padding. Without a branch: all loads of a thread are then in flight together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(Window window, Tap tap)
    {
        bool inside = IsWithin(window, tap);
        return Utilities.Select(inside, _image[Utilities.Select(inside, window.Origin + tap.Offset, 0)], 0f);
    }

    /// <summary>Bits of the rows and columns of the filter that leave the image, and <see cref="PatchEntry.Nothing"/>.</summary>
    public uint LinesOutside(Window window)
    {
        uint lines = PatchEntry.Nothing, row = 1, column = 1u << PatchEntry.MaxLines;
        for (int r = 0; r < _filterRows; r++)
        {
            lines |= Utilities.Select((uint)(window.Y + _taps[r * _filterColumns].Y) < (uint)_height, 0u, row);
            row *= 2;
        }

        for (int s = 0; s < _filterColumns; s++)
        {
            lines |= Utilities.Select((uint)(window.X + _taps[s].X) < (uint)_width, 0u, column);
            column *= 2;
        }

        return lines;
    }

    /// <summary>The patches for tensor cores, with a pixel a row.</summary>
    /// <param name="pixels">Entries of the pixels.</param>
    public GatheredRows ByPixel(ArrayView<PatchEntry> pixels) => new(_image, pixels, Pixels, _entries, _groupStride);

    /// <summary>The patches for tensor cores, with a tap a row.</summary>
    /// <param name="pixels">Entries of the pixels, and behind the last of such as meet nothing.</param>
    /// <param name="rows">Number of taps.</param>
    public GatheredRows ByTap(ArrayView<PatchEntry> pixels, int rows) => new(_image, _entries, rows, pixels, _groupStride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsWithin(Window window, Tap tap) => (uint)(window.Y + tap.Y) < (uint)_height & (uint)(window.X + tap.X) < (uint)_width;
}

/// <summary>The pixels that a convolution computes, image after image, and where their windows begin.</summary>
/// <param name="images">Number of images.</param>
/// <param name="height">Rows of pixels.</param>
/// <param name="width">Pixels of a row.</param>
/// <param name="strideY">Rows between the windows of neighbouring pixels.</param>
/// <param name="strideX">Columns between the windows of neighbouring pixels.</param>
/// <param name="firstY">Row where the first window begins; minus the padding.</param>
/// <param name="firstX">Column where the first window begins; minus the padding.</param>
internal readonly struct PixelGrid(int images, int height, int width, int strideY, int strideX, int firstY, int firstX)
{
    public readonly FastDivisor Plane = new(Math.Max(1, height * width));
    public readonly FastDivisor Width = new(Math.Max(1, width));
    public readonly int Count = images * height * width;
    public readonly int StrideY = strideY;
    public readonly int StrideX = strideX;
    public readonly int FirstY = firstY;
    public readonly int FirstX = firstX;
}
