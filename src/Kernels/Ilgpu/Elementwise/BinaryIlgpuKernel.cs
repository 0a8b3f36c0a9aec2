using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>y[i] = f(a[i], b[i]) with broadcasting.</summary>
/// <typeparam name="TOp">The operator.</typeparam>
/// <typeparam name="TFunction">f.</typeparam>
internal sealed class BinaryIlgpuKernel<TOp, TFunction>(GpuQueue queue, Func<TOp, TFunction> function) : IlgpuKernel<TOp>(queue)
    where TOp : Op
    where TFunction : unmanaged, IBinaryFunction
{
    public override IEnumerable<GpuKernel> GpuKernels => [BinaryKernel<TFunction>.Same, BinaryKernel<TFunction>.Broadcast];

    public override string Name => BinaryKernel<TFunction>.Same.Name;

    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs)
    {
        if (!base.Supports(op, inputs))
            return false;
        if (inputs[0].Shape == inputs[1].Shape)
            return true;
        return BinaryKernel<TFunction>.Merged(inputs[0].Shape, inputs[1].Shape, op.Infer(inputs)[0].Shape, out _, out _).Length <= StridedIndex.MaxAxes;
    }

    protected override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BinaryKernel<TFunction>.Launch(Queue, inputs[0], inputs[1], outputs[0], function(op));
}

/// <summary>y[i] = f(a[i], b[i]).</summary>
/// <typeparam name="TFunction">f.</typeparam>
internal static class BinaryKernel<TFunction>
    where TFunction : unmanaged, IBinaryFunction
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, TFunction>> Same =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, TFunction>($"binary.{GpuKernel.NameOf<TFunction>()}", GpuQueue.MaxGroup, SameBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, Strided, Strided, ArrayView<float>, int, TFunction>> Broadcast =
        GpuKernel.Define<Strided, Strided, ArrayView<float>, int, TFunction>($"binary.{GpuKernel.NameOf<TFunction>()}.broadcast", GpuQueue.MaxGroup, BroadcastBody);

    /// <summary>An operand that is walked through with other strides than the result.</summary>
    internal readonly struct Strided(ArrayView<float> data, StridedIndex index)
    {
        public readonly ArrayView<float> Data = data;
        public readonly StridedIndex Index = index;
    }

    /// <summary>Extents and strides of both operands with neighbouring axes joined.</summary>
    public static int[] Merged(Shape a, Shape b, Shape y, out int[] aStrides, out int[] bStrides)
    {
        int[][] strides = [AxisMerge.Strides(a, y.Rank), AxisMerge.Strides(b, y.Rank)];
        var extents = AxisMerge.Merge(y.Extents, strides);
        (aStrides, bStrides) = (strides[0], strides[1]);
        return extents;
    }

    public static void Launch(GpuQueue queue, Tensor a, Tensor b, Tensor y, TFunction f)
    {
        if (a.Shape.ElementCount == y.Shape.ElementCount && b.Shape.ElementCount == y.Shape.ElementCount)
        {
            queue.Launch(Same, queue.Over(y.Spec.ElementCount, 4), a.Floats, b.Floats, y.Floats, y.Spec.ElementCount, f);
            return;
        }

        var extents = Merged(a.Shape, b.Shape, y.Shape, out int[] aStrides, out int[] bStrides);
        queue.Launch(
            Broadcast, queue.Over(y.Spec.ElementCount, 1), new Strided(a.Floats, new StridedIndex(extents, aStrides)),
            new Strided(b.Floats, new StridedIndex(extents, bStrides)), y.Floats, y.Spec.ElementCount, f);
    }

    /// <summary>One thread four elements, striding over the grid; 12 bytes an element in 128-bit words; bound by memory.</summary>
    public static void SameBody(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int count, TFunction f)
    {
        int stride = Grid.DimX * Group.DimX;
        int words = count / 4;
        var a4 = a.SubView(0, words * 4).Cast<Float4>();
        var b4 = b.SubView(0, words * 4).Cast<Float4>();
        var y4 = y.SubView(0, words * 4).Cast<Float4>();
        for (int i = Grid.GlobalIndex.X; i < words; i += stride)
        {
            var left = a4[i];
            var right = b4[i];
            left.X = f.Apply(left.X, right.X);
            left.Y = f.Apply(left.Y, right.Y);
            left.Z = f.Apply(left.Z, right.Z);
            left.W = f.Apply(left.W, right.W);
            y4[i] = left;
        }

        for (int i = words * 4 + Grid.GlobalIndex.X; i < count; i += stride)
            y[i] = f.Apply(a[i], b[i]);
    }

    /// <summary>One thread an element, striding over the grid; the operand that is repeated comes from the caches.</summary>
    public static void BroadcastBody(Strided a, Strided b, ArrayView<float> y, int count, TFunction f)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
            y[i] = f.Apply(a.Data[a.Index.Offset(i)], b.Data[b.Index.Offset(i)]);
    }
}
