using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradients past constant statistics; see <see cref="BatchNormGradient{TLanes}"/>.</summary>
internal sealed class BatchNormInferenceGradCpuKernel<TLanes> : LanesKernel<BatchNormInferenceGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(BatchNormInferenceGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormGradient<TLanes>.Run(inputs, outputs, op.Epsilon, frozen: true, Grain);
}
