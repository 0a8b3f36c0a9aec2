using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>An image as the result of a product: a channel a row, a pixel a column.</summary>
/// <param name="image">[splits, N, C, H, W].</param>
/// <param name="grid">The computed pixels; their windows give the place where they are stored.</param>
/// <param name="width">W.</param>
/// <param name="plane">H · W.</param>
/// <param name="channels">Channels of a group.</param>
/// <param name="imageStride">Elements from an image to the next.</param>
/// <param name="splitStride">Elements from a partial result to the next.</param>
/// <param name="bias">One number a channel, if <paramref name="biased"/>.</param>
/// <param name="biased">Add the bias.</param>
internal readonly struct PixelOutput(
    ArrayView<float> image, PixelGrid grid, int width, int plane, int channels, int imageStride, int splitStride, ArrayView<float> bias, bool biased)
    : IGemmOutput
{
    private readonly ArrayView<float> _image = image;
    private readonly PixelGrid _grid = grid;
    private readonly int _width = width;
    private readonly int _plane = plane;
    private readonly int _channels = channels;
    private readonly int _imageStride = imageStride;
    private readonly int _splitStride = splitStride;
    private readonly ArrayView<float> _bias = bias;
    private readonly int _biased = biased ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int split, int row) => row < _channels ? split * _splitStride + (batch * _channels + row) * _plane : -1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float RowBias(int batch, int row) => _biased != 0 ? _bias[batch * _channels + row] : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Column(int batch, int column)
    {
        int n = _grid.Plane.Divide(column);
        int inPlane = column - n * _grid.Plane.Divisor;
        int y = _grid.Width.Divide(inPlane);
        int x = inPlane - y * _grid.Width.Divisor;
        return column < _grid.Count
            ? n * _imageStride + (y * _grid.StrideY + _grid.FirstY) * _width + x * _grid.StrideX + _grid.FirstX
            : -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Store(int rowOffset, int columnOffset, float value) => _image[rowOffset + columnOffset] = value;

    public RowSums Sums => default;
}
