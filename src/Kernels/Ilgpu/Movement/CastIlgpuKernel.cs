using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Another element type: every pair of F32, F16, BF16, I32, I64 and U8.</summary>
internal sealed class CastIlgpuKernel(GpuQueue queue) : IlgpuKernel<CastOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels =>
    [
        .. From<float, ElementF32>(), .. From<ushort, ElementF16>(), .. From<ushort, ElementBF16>(),
        .. From<int, ElementI32>(), .. From<long, ElementI64>(), .. From<byte, ElementU8>(),
    ];

    protected override bool Supports(CastOp op, ReadOnlySpan<TensorSpec> inputs) => op.DType != DType.F64 && inputs[0].DType != DType.F64;

    protected override void Run(CastOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, y) = (inputs[0], outputs[0]);
        switch (x.DType)
        {
            case DType.F32:
                Launch<float, ElementF32>(x, y);
                break;
            case DType.F16:
                Launch<ushort, ElementF16>(x, y);
                break;
            case DType.BF16:
                Launch<ushort, ElementBF16>(x, y);
                break;
            case DType.I32:
                Launch<int, ElementI32>(x, y);
                break;
            case DType.I64:
                Launch<long, ElementI64>(x, y);
                break;
            default:
                Launch<byte, ElementU8>(x, y);
                break;
        }
    }

    private static IEnumerable<GpuKernel> From<TFrom, TFromElement>()
        where TFrom : unmanaged
        where TFromElement : unmanaged, IElement<TFrom> =>
    [
        CastKernel<TFrom, TFromElement, float, ElementF32>.Kernel, CastKernel<TFrom, TFromElement, ushort, ElementF16>.Kernel,
        CastKernel<TFrom, TFromElement, ushort, ElementBF16>.Kernel, CastKernel<TFrom, TFromElement, int, ElementI32>.Kernel,
        CastKernel<TFrom, TFromElement, long, ElementI64>.Kernel, CastKernel<TFrom, TFromElement, byte, ElementU8>.Kernel,
    ];

    private void Launch<TFrom, TFromElement>(Tensor x, Tensor y)
        where TFrom : unmanaged
        where TFromElement : unmanaged, IElement<TFrom>
    {
        switch (y.DType)
        {
            case DType.F32:
                Launch<TFrom, TFromElement, float, ElementF32>(x, y);
                break;
            case DType.F16:
                Launch<TFrom, TFromElement, ushort, ElementF16>(x, y);
                break;
            case DType.BF16:
                Launch<TFrom, TFromElement, ushort, ElementBF16>(x, y);
                break;
            case DType.I32:
                Launch<TFrom, TFromElement, int, ElementI32>(x, y);
                break;
            case DType.I64:
                Launch<TFrom, TFromElement, long, ElementI64>(x, y);
                break;
            default:
                Launch<TFrom, TFromElement, byte, ElementU8>(x, y);
                break;
        }
    }

    private void Launch<TFrom, TFromElement, TTo, TToElement>(Tensor x, Tensor y)
        where TFrom : unmanaged
        where TFromElement : unmanaged, IElement<TFrom>
        where TTo : unmanaged
        where TToElement : unmanaged, IElement<TTo> =>
        Queue.Launch(CastKernel<TFrom, TFromElement, TTo, TToElement>.Kernel, Queue.Over(y.Spec.ElementCount, 1), x.Elements<TFrom>(), y.Elements<TTo>());
}

/// <summary>One thread an element, striding over the grid; bound by memory.</summary>
/// <typeparam name="TFrom">Bits of the source.</typeparam>
/// <typeparam name="TFromElement">Their meaning.</typeparam>
/// <typeparam name="TTo">Bits of the result.</typeparam>
/// <typeparam name="TToElement">Their meaning.</typeparam>
internal static class CastKernel<TFrom, TFromElement, TTo, TToElement>
    where TFrom : unmanaged
    where TFromElement : unmanaged, IElement<TFrom>
    where TTo : unmanaged
    where TToElement : unmanaged, IElement<TTo>
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<TFrom>, ArrayView<TTo>>> Kernel =
        GpuKernel.Define<ArrayView<TFrom>, ArrayView<TTo>>(
            $"cast.{typeof(TFromElement).Name["Element".Length..].ToLowerInvariant()}-{typeof(TToElement).Name["Element".Length..].ToLowerInvariant()}", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<TFrom> x, ArrayView<TTo> y)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
            y[i] = TToElement.Store(TFromElement.Load(x[i]));
    }
}
