using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Batch norm with the batch's statistics; see <see cref="BatchNormForward{TLanes}"/>.</summary>
internal sealed class BatchNormTrainCpuKernel<TLanes> : LanesKernel<BatchNormTrainOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(BatchNormTrainOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormForward<TLanes>.Run(inputs, outputs, op.Epsilon, float.NegativeInfinity, Grain);
}
