using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A one at the place of each class index, of any element type.</summary>
internal sealed class OneHotIlgpuKernel(GpuQueue queue) : IlgpuKernel<OneHotOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [OneHotKernel<byte>.Kernel, OneHotKernel<ushort>.Kernel, OneHotKernel<uint>.Kernel, OneHotKernel<ulong>.Kernel];

    protected override bool Supports(OneHotOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(OneHotOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var one = new byte[8];
        ElementConversion.FromDoubles([1], op.DType, one.AsSpan(0, op.DType.ByteSize));
        switch (op.DType.ByteSize)
        {
            case 1:
                Launch<byte>(op, inputs[0], outputs[0], one);
                break;
            case 2:
                Launch<ushort>(op, inputs[0], outputs[0], one);
                break;
            case 4:
                Launch<uint>(op, inputs[0], outputs[0], one);
                break;
            default:
                Launch<ulong>(op, inputs[0], outputs[0], one);
                break;
        }
    }

    private void Launch<T>(OneHotOp op, Tensor indices, Tensor y, byte[] one)
        where T : unmanaged =>
        Queue.Launch(OneHotKernel<T>.Kernel, Queue.Over(y.Spec.ElementCount, 1), indices.Elements<long>(), y.Elements<T>(), new FastDivisor(op.Classes), MemoryMarshal.Read<T>(one));
}

/// <summary>One thread an element of the result, striding over the grid; an index outside of the classes gives zeros.</summary>
/// <typeparam name="T">A type of the elements' size.</typeparam>
internal static class OneHotKernel<T>
    where T : unmanaged
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<long>, ArrayView<T>, FastDivisor, T>> Kernel =
        GpuKernel.Define<ArrayView<long>, ArrayView<T>, FastDivisor, T>($"one-hot.{System.Runtime.CompilerServices.Unsafe.SizeOf<T>()}-byte", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<long> indices, ArrayView<T> y, FastDivisor classes, T one)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int sample = classes.Divide(i);
            y[i] = Utilities.Select(indices[sample] == i - sample * classes.Divisor, one, default);
        }
    }
}
