using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Largest element of each window, and its place within the plane.</summary>
/// <remarks>Mapping: one thread an output, striding over the grid; neighbouring threads share most of their windows through the caches.
/// Traffic: about one read of the input, 8 bytes written an output.</remarks>
internal sealed class MaxPool2dIlgpuKernel(GpuQueue queue) : IlgpuKernel<MaxPool2dOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<int>, PoolShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<int>, PoolShape>("max-pool", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<float> y, ArrayView<int> places, PoolShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.OutputWidth.Divide(i);
            int plane = shape.OutputHeight.Divide(line);
            int top = (line - plane * shape.OutputHeight.Divisor) * shape.StrideH - shape.PadTop;
            int left = (i - line * shape.OutputWidth.Divisor) * shape.StrideW - shape.PadLeft;
            int first = plane * shape.Height * shape.Width;
            float best = float.NegativeInfinity;
            int chosen = -1;
            for (int r = 0; r < shape.KernelH; r++)
            {
                int row = top + r * shape.DilationH;
                if ((uint)row >= (uint)shape.Height)
                    continue;
                for (int s = 0; s < shape.KernelW; s++)
                {
                    int column = left + s * shape.DilationW;
                    if ((uint)column >= (uint)shape.Width)
                        continue;
                    float value = x[first + row * shape.Width + column];
                    // The first of equals; but of NaNs the last, as the reference has it.
                    if (chosen < 0 || value > best || GpuMath.IsNaN(value))
                    {
                        best = value;
                        chosen = row * shape.Width + column;
                    }
                }
            }

            y[i] = best;
            places[i] = chosen;
        }
    }

    protected override void Run(MaxPool2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Floats, outputs[1].Elements<int>(),
        new PoolShape(op.Geometry, inputs[0].Shape, outputs[0].Shape));
}

/// <summary>Adds each window's gradient to the element that it chose.</summary>
/// <remarks>
/// Several windows may choose one element, so the additions must be ordered. Mapping: one group a plane; it takes as many windows a round
/// as it has threads. In a round the first of the windows with the same choice adds up all of them, in ascending order, and writes once;
/// rounds follow one another. No atomics, one order. Traffic: 8 bytes a window, 4 bytes an element plus one read and write a choice.
/// </remarks>
internal sealed class MaxPool2dGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<MaxPool2dGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    /// <summary>Threads of a group, where the device can have so many: each compares its choice with all others of the round.</summary>
    private const int Round = 64;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<float>, int, int>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<int>, ArrayView<float>, int, int>("max-pool-grad", Round, Body);

    public static void Body(ArrayView<float> dy, ArrayView<int> places, ArrayView<float> dx, int windows, int elements)
    {
        var gradients = SharedMemory.Allocate<float>(Round);
        var choices = SharedMemory.Allocate<int>(Round);
        int thread = Group.IdxX;
        int firstWindow = Grid.IdxX * windows;
        int firstElement = Grid.IdxX * elements;
        for (int i = thread; i < elements; i += Group.DimX)
            dx[firstElement + i] = 0;
        for (int start = 0; start < windows; start += Group.DimX)
        {
            int window = start + thread;
            int choice = -1;
            float gradient = 0;
            if (window < windows)
            {
                choice = places[firstWindow + window];
                gradient = dy[firstWindow + window];
            }

            choices[thread] = choice;
            gradients[thread] = gradient;
            Group.Barrier();
            bool leads = choice >= 0;
            for (int other = 0; other < thread; other++)
                leads &= choices[other] != choice;
            if (leads)
            {
                for (int other = thread + 1; other < Group.DimX; other++)
                {
                    if (choices[other] == choice)
                        gradient += gradients[other];
                }

                dx[firstElement + choice] += gradient;
            }

            // The next round overwrites what this one still reads, and reads what this one writes.
            Group.Barrier();
        }
    }

    protected override bool Supports(MaxPool2dGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(MaxPool2dGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        int planes = outputs[0].Shape.Product(0, 2);
        Queue.Launch(
            Kernel, (planes, Math.Min(Round, Queue.GroupSize)), inputs[0].Floats, inputs[1].Elements<int>(), outputs[0].Floats,
            inputs[0].Shape.Product(2, 4), outputs[0].Shape.Product(2, 4));
    }
}
