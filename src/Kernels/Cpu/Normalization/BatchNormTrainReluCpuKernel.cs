using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Batch norm with the batch's statistics and a ReLU behind it; see <see cref="BatchNormForward{TLanes}"/>.</summary>
internal sealed class BatchNormTrainReluCpuKernel<TLanes> : LanesKernel<BatchNormTrainReluOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(BatchNormTrainReluOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormForward<TLanes>.Run(inputs, outputs, op.Epsilon, limit: 0, Grain);
}
