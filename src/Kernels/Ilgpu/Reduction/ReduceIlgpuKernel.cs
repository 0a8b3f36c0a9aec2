using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A reduction over a set of axes.</summary>
/// <typeparam name="TOp">The operator.</typeparam>
/// <typeparam name="TReduction">How values are combined.</typeparam>
internal sealed class ReduceIlgpuKernel<TOp, TReduction>(GpuQueue queue) : IlgpuKernel<TOp>(queue)
    where TOp : ReduceOp
    where TReduction : unmanaged, IReduction
{
    public override IEnumerable<GpuKernel> GpuKernels => ReductionKernel<TReduction>.Kernels;

    public override string Name => $"reduce.{GpuKernel.NameOf<TReduction>()}";

    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs) =>
        base.Supports(op, inputs) && ReductionKernel<TReduction>.Supports(inputs[0].Shape, op.Axes);

    protected override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        ReductionKernel<TReduction>.Launch(Queue, inputs[0].Floats, inputs[0].Shape, op.Axes, outputs[0].Floats);
}
