using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>An image as the result of a product, finished while it is stored.</summary>
/// <param name="pixels">Where values go.</param>
/// <param name="tail">What happens to them.</param>
/// <param name="sums">Where the sums of finished values go.</param>
internal readonly struct FusedPixelOutput(PixelOutput pixels, StoreTail tail, RowSums sums) : IGemmOutput
{
    private readonly PixelOutput _pixels = pixels;
    private readonly StoreTail _tail = tail;
    private readonly RowSums _sums = sums;

    public RowSums Sums => _sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int split, int row) => _pixels.Row(batch, split, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float RowBias(int batch, int row) => _pixels.RowBias(batch, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Column(int batch, int column) => _pixels.Column(batch, column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Store(int rowOffset, int columnOffset, float value) => _pixels.Store(rowOffset, columnOffset, _tail.Apply(rowOffset + columnOffset, value));
}

/// <summary>y = clamp(sum + residual): what is left when a convolution's sums are complete. Every activation but SiLU is a clamp.</summary>
/// <param name="residual">A tensor of the output's shape, if <paramref name="added"/>.</param>
/// <param name="added">Add the residual.</param>
/// <param name="activation">The pointwise function; SiLU is left to <see cref="FusedTail"/>.</param>
internal readonly struct StoreTail(ArrayView<float> residual, bool added, ActivationKind activation)
{
    private readonly ArrayView<float> _residual = residual;
    private readonly int _added = added ? 1 : 0;
    private readonly float _low = activation is ActivationKind.Relu or ActivationKind.Relu6 ? 0 : float.NegativeInfinity;
    private readonly float _high = activation == ActivationKind.Relu6 ? 6 : float.PositiveInfinity;

    /// <summary>Finishes the element with this offset; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(int offset, float sum)
    {
        float value = _added != 0 ? sum + _residual[offset] : sum;
        value = Utilities.Select(value < _low, _low, value);
        return Utilities.Select(value > _high, _high, value);
    }
}
