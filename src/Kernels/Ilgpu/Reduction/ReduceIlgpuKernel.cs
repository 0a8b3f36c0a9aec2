using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A reduction over a set of axes.</summary>
/// <param name="queue">The device.</param>
/// <param name="axes">The operator's axes.</param>
/// <param name="factor">What the results are multiplied by, for an input of some shape.</param>
/// <typeparam name="TOp">The operator.</typeparam>
/// <typeparam name="TReduction">How values are combined.</typeparam>
internal sealed class ReduceIlgpuKernel<TOp, TReduction>(GpuQueue queue, Func<TOp, Axes> axes, Func<Shape, Axes, double> factor) : IlgpuKernel<TOp>(queue)
    where TOp : Op
    where TReduction : unmanaged, IReduction
{
    public override IEnumerable<GpuKernel> GpuKernels => ReductionKernel<TReduction>.Kernels;

    public override string Name => $"reduce.{GpuKernel.NameOf<TReduction>()}";

    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs) =>
        base.Supports(op, inputs) && ReductionKernel<TReduction>.Supports(inputs[0].Shape, axes(op));

    protected override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        ReductionKernel<TReduction>.Launch(
            Queue, inputs[0].Floats, inputs[0].Shape, axes(op), outputs[0].Floats, (float)factor(inputs[0].Shape, axes(op)));
}
