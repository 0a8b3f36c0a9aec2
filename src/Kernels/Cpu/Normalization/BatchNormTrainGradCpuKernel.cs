using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradients through the batch's own statistics; see <see cref="BatchNormGradient{TLanes}"/>.</summary>
internal sealed class BatchNormTrainGradCpuKernel<TLanes> : LanesKernel<BatchNormTrainGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(BatchNormTrainGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormGradient<TLanes>.Run(inputs, outputs, op.Epsilon, frozen: false, Grain);
}
