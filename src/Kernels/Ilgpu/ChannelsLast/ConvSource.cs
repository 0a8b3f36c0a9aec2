using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The patches of a map as a matrix that is never stored: a pixel a row, depth by tap, then by piece of channels.</summary>
/// <param name="pieces">The map; read by the twin.</param>
/// <param name="address">Its address, for cp.async.</param>
/// <param name="depths">For each piece of depth: <see cref="PackDepth"/>.</param>
/// <param name="grid">The pixels that are computed, and where their windows begin.</param>
/// <param name="window">The filter's extents.</param>
/// <param name="layout">The map's layout.</param>
/// <param name="groupPieces">Pieces of a group's channels.</param>
internal readonly struct ConvSource(ArrayView<Word4> pieces, long address, ArrayView<int> depths, PixelGrid grid, ConvWindow window, MapLayout layout, int groupPieces)
{
    /// <summary>Taps that a filter may have: their places in a mask, four bits further up, must fit.</summary>
    public const int MaxTaps = 27;

    public readonly ArrayView<Word4> Pieces = pieces;
    public readonly long Address = address;
    public readonly ArrayView<int> Depths = depths;
    private readonly PixelGrid _grid = grid;
    private readonly ConvWindow _window = window;
    private readonly int _height = layout.Height;
    private readonly int _width = layout.Width;
    private readonly int _pixelPieces = layout.Pieces;
    private readonly int _groupPieces = groupPieces;

    /// <summary>Pieces from the window's origin to this depth, and the tap, as one number.</summary>
    public static int PackDepth(int offset, int tap) => offset << 5 | tap;

    /// <summary>A depth that meets zeros.</summary>
    public static int NoDepth => MaxTaps;

    /// <summary>The place of a pixel's window in pieces, and for each tap in it, from bit 4 on, whether it lies in the image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WindowOf(int group, int pixel, ref int origin, ref uint mask)
    {
        int n = _grid.Plane.Divide(pixel);
        int inPlane = pixel - n * _grid.Plane.Divisor;
        int y = _grid.Width.Divide(inPlane);
        int top = y * _grid.StrideY + _grid.FirstY;
        int left = (inPlane - y * _grid.Width.Divisor) * _grid.StrideX + _grid.FirstX;
        origin = ((n * _height + top) * _width + left) * _pixelPieces + group * _groupPieces;
        uint taps = 0, bit = Utilities.Select(pixel < _grid.Count, 16u, 0u);
        for (int r = 0; r < _window.KernelH; r++)
        {
            bool row = (uint)(top + r * _window.DilationH) < (uint)_height;
            for (int s = 0; s < _window.KernelW; s++)
            {
                taps |= Utilities.Select(row & (uint)(left + s * _window.DilationW) < (uint)_width, bit, 0u);
                bit *= 2;
            }
        }

        mask = taps;
    }
}

/// <summary>The extents of a filter.</summary>
internal readonly struct ConvWindow(int kernelH, int kernelW, int dilationH, int dilationW)
{
    public readonly int KernelH = kernelH;
    public readonly int KernelW = kernelW;
    public readonly int DilationH = dilationH;
    public readonly int DilationW = dilationW;
}

/// <summary>Weights as packed for a product: rows are the output channels of a group, depth as in <see cref="ConvSource"/>, zeros behind the last.</summary>
/// <param name="pieces">The weights; read by the twin.</param>
/// <param name="address">Their address, for cp.async.</param>
/// <param name="rows">Rows of a group.</param>
/// <param name="rowPieces">Pieces of a row.</param>
internal readonly struct ConvFilter(ArrayView<Word4> pieces, long address, int rows, int rowPieces)
{
    public readonly ArrayView<Word4> Pieces = pieces;
    public readonly long Address = address;
    private readonly int _rows = rows;
    private readonly int _rowPieces = rowPieces;

    /// <summary>First piece of a row. Rows behind the last repeat it: what they give is never stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int RowOf(int group, int row) => (group * _rows + IntrinsicMath.Min(row, _rows - 1)) * _rowPieces;
}
