using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>y[i] = f(x[i]).</summary>
/// <typeparam name="TOp">The operator.</typeparam>
/// <typeparam name="TFunction">f.</typeparam>
internal sealed class UnaryIlgpuKernel<TOp, TFunction>(GpuQueue queue, Func<TOp, TFunction> function) : IlgpuKernel<TOp>(queue)
    where TOp : Op
    where TFunction : unmanaged, IUnaryFunction
{
    public override IEnumerable<GpuKernel> GpuKernels => [UnaryKernel<TFunction>.Kernel];

    public override string Name => UnaryKernel<TFunction>.Kernel.Name;

    protected override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        UnaryKernel<TFunction>.Launch(Queue, inputs[0].Floats, outputs[0].Floats, function(op));
}

/// <summary>y[i] = f(x[i]) over contiguous elements.</summary>
/// <remarks>Mapping: one thread four elements, striding over the grid; the last few one by one. Traffic: 8 bytes an element in 128-bit
/// words; bound by memory.</remarks>
/// <typeparam name="TFunction">f.</typeparam>
internal static class UnaryKernel<TFunction>
    where TFunction : unmanaged, IUnaryFunction
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int, TFunction>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, int, TFunction>($"unary.{GpuKernel.NameOf<TFunction>()}", GpuQueue.MaxGroup, Body);

    public static void Launch(GpuQueue queue, ArrayView<float> x, ArrayView<float> y, TFunction f) =>
        queue.Launch(Kernel, queue.Over(x.Length, 4), x, y, x.IntLength, f);

    public static void Body(ArrayView<float> x, ArrayView<float> y, int count, TFunction f)
    {
        int stride = Grid.DimX * Group.DimX;
        int words = count / 4;
        var x4 = x.SubView(0, words * 4).Cast<Float4>();
        var y4 = y.SubView(0, words * 4).Cast<Float4>();
        for (int i = Grid.GlobalIndex.X; i < words; i += stride)
        {
            var value = x4[i];
            value.X = f.Apply(value.X);
            value.Y = f.Apply(value.Y);
            value.Z = f.Apply(value.Z);
            value.W = f.Apply(value.W);
            y4[i] = value;
        }

        for (int i = words * 4 + Grid.GlobalIndex.X; i < count; i += stride)
            y[i] = f.Apply(x[i]);
    }
}
