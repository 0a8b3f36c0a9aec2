using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradients through a ReLU and the batch's own statistics; see <see cref="BatchNormGradient{TLanes}"/>.</summary>
internal sealed class BatchNormTrainReluGradCpuKernel<TLanes> : LanesKernel<BatchNormTrainReluGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(BatchNormTrainReluGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormGradient<TLanes>.Run(inputs, outputs, op.Epsilon, frozen: false, Grain);
}
