using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Zeroes elements at random and scales the others: the same elements as on every backend, by <see cref="Generator.UniformAt"/>.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid; bound by memory. uniform &lt; p is asked in integers: bits &lt; p · 2^53.</remarks>
internal sealed class DropoutIlgpuKernel(GpuQueue queue) : IlgpuKernel<DropoutOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ulong, ulong, float>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ulong, ulong, float>("dropout", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<float> y, ulong seed, ulong threshold, float scale)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            ulong z = seed + ((ulong)i + 1) * 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            y[i] = Utilities.Select(z >> 11 < threshold, 0f, x[i] * scale);
        }
    }

    protected override void Run(DropoutOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Floats,
        op.Seed, (ulong)Math.Ceiling(op.P * (1UL << 53)), (float)(1 / (1 - op.P)));
}
