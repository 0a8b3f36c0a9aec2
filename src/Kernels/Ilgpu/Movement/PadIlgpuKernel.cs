using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Extents of an axis before and after padding.</summary>
internal readonly struct PadShape(int outer, int extent, int padded, int inner, int before, PadMode mode)
{
    public readonly int Outer = outer;
    public readonly int Extent = extent;
    public readonly FastDivisor Padded = new(Math.Max(1, padded));
    public readonly FastDivisor Inner = new(Math.Max(1, inner));
    public readonly int Before = before;
    public readonly int Mode = (int)mode;

    /// <summary>The position that fills an added one, or -1 for the constant; <see cref="PadOp.Source"/> for kernels.</summary>
    public int Source(int position)
    {
        bool before = position < 0;
        int reflected = Utilities.Select(before, -position, 2 * (Extent - 1) - position);
        int repeated = Utilities.Select(before, 0, Extent - 1);
        int turned = Utilities.Select(before, position + Extent, position - Extent);
        int added = Utilities.Select(
            Mode == (int)PadMode.Reflect, reflected,
            Utilities.Select(Mode == (int)PadMode.Replicate, repeated, Utilities.Select(Mode == (int)PadMode.Circular, turned, -1)));
        return Utilities.Select((uint)position < (uint)Extent, position, added);
    }
}

/// <summary>Positions added to, or with negative numbers taken from, both ends of an axis.</summary>
internal sealed class PadIlgpuKernel(GpuQueue queue) : IlgpuKernel<PadOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [PadKernel<byte>.Kernel, PadKernel<ushort>.Kernel, PadKernel<uint>.Kernel, PadKernel<ulong>.Kernel];

    protected override bool Supports(PadOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(PadOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, y) = (inputs[0], outputs[0]);
        var shape = new PadShape(
            x.Shape.Product(0, op.Axis), x.Shape[op.Axis], y.Shape[op.Axis], x.Shape.Product(op.Axis + 1, x.Shape.Rank), op.Before, op.Mode);
        var value = new byte[8];
        ElementConversion.FromDoubles([op.Value], x.DType, value.AsSpan(0, x.DType.ByteSize));
        switch (x.DType.ByteSize)
        {
            case 1:
                Launch<byte>(x, y, shape, value);
                break;
            case 2:
                Launch<ushort>(x, y, shape, value);
                break;
            case 4:
                Launch<uint>(x, y, shape, value);
                break;
            default:
                Launch<ulong>(x, y, shape, value);
                break;
        }
    }

    private void Launch<T>(Tensor x, Tensor y, PadShape shape, byte[] value)
        where T : unmanaged =>
        Queue.Launch(PadKernel<T>.Kernel, Queue.Over(y.Spec.ElementCount, 1), x.Elements<T>(), y.Elements<T>(), shape, MemoryMarshal.Read<T>(value));
}

/// <summary>One thread an element of the result, striding over the grid; bound by memory.</summary>
/// <typeparam name="T">A type of the elements' size.</typeparam>
internal static class PadKernel<T>
    where T : unmanaged
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T>, ArrayView<T>, PadShape, T>> Kernel =
        GpuKernel.Define<ArrayView<T>, ArrayView<T>, PadShape, T>($"pad.{System.Runtime.CompilerServices.Unsafe.SizeOf<T>()}-byte", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<T> x, ArrayView<T> y, PadShape shape, T value)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.Inner.Divide(i);
            int inner = i - line * shape.Inner.Divisor;
            int outer = shape.Padded.Divide(line);
            int source = shape.Source(line - outer * shape.Padded.Divisor - shape.Before);
            if (source < 0)
                y[i] = value;
            else
                y[i] = x[(outer * shape.Extent + source) * shape.Inner.Divisor + inner];
        }
    }
}

/// <summary>The gradient of padding by repetition: every element collects the gradients of the positions that it filled.</summary>
/// <remarks>Mapping: one thread an element of the input's gradient; it walks the added positions in ascending order and adds those that
/// it filled, so the sum has one order and needs no atomics.</remarks>
internal sealed class PadGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<PadGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, PadShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, PadShape>("pad-grad", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> dy, ArrayView<float> dx, PadShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = dx.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.Inner.Divide(i);
            int inner = i - line * shape.Inner.Divisor;
            int outer = line / shape.Extent;
            int position = line - outer * shape.Extent;
            int padded = shape.Padded.Divisor;
            float sum = 0;
            for (int p = 0; p < padded; p++)
            {
                if (shape.Source(p - shape.Before) == position)
                    sum += dy[(outer * padded + p) * shape.Inner.Divisor + inner];
            }

            dx[i] = sum;
        }
    }

    protected override void Run(PadGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (dy, dx) = (inputs[0], outputs[0]);
        var shape = new PadShape(
            dx.Shape.Product(0, op.Axis), dx.Shape[op.Axis], dy.Shape[op.Axis], dx.Shape.Product(op.Axis + 1, dx.Shape.Rank), op.Before, op.Mode);
        Queue.Launch(Kernel, Queue.Over(dx.Spec.ElementCount, 1), dy.Floats, dx.Floats, shape);
    }
}
