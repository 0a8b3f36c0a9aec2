using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>An image as the result of a product, finished while it is stored.</summary>
/// <param name="pixels">Where values go.</param>
/// <param name="tail">What happens to them.</param>
internal readonly struct FusedPixelOutput(PixelOutput pixels, StoreTail tail) : IGemmOutput
{
    private readonly PixelOutput _pixels = pixels;
    private readonly StoreTail _tail = tail;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int split, int row) => _pixels.Row(batch, split, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float RowBias(int batch, int row) => _pixels.RowBias(batch, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Column(int batch, int column) => _pixels.Column(batch, column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int rowOffset, int columnOffset, float value) => _pixels.Store(rowOffset, columnOffset, _tail.Apply(rowOffset + columnOffset, value));
}

/// <summary>y = act(sum + residual): what is left when a convolution's sums are complete.</summary>
/// <param name="residual">A tensor of the output's shape, if <paramref name="added"/>.</param>
/// <param name="added">Add the residual.</param>
/// <param name="activation">The pointwise function.</param>
internal readonly struct StoreTail(ArrayView<float> residual, bool added, ActivationKind activation)
{
    private readonly ArrayView<float> _residual = residual;
    private readonly int _added = added ? 1 : 0;
    private readonly int _activation = (int)activation;

    /// <summary>Finishes the element with this offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(int offset, float sum)
    {
        float value = _added != 0 ? sum + _residual[offset] : sum;
        return Activate(value, _activation);
    }

    /// <summary>The pointwise function with the number of an <see cref="ActivationKind"/>; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Activate(float value, int activation)
    {
        if (activation == (int)ActivationKind.Silu)
            return value * GpuMath.Sigmoid(value);
        if (activation != (int)ActivationKind.None && value < 0)
            return 0;
        return activation == (int)ActivationKind.Relu6 && value > 6 ? 6 : value;
    }
}

/// <summary>The tail of a convolution whose sums were cut.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid. Traffic: 8 bytes an element, 12 with a residual; bound by memory.</remarks>
internal static class FusedTail
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, StoreTail>> Kernel =
        GpuKernel.Define<ArrayView<float>, StoreTail>("conv.fused.tail", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> y, StoreTail tail)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
            y[i] = tail.Apply(i, y[i]);
    }
}
