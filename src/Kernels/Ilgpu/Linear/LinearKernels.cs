using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Matrix product.</summary>
internal sealed class MatMulIlgpuKernel(GpuQueue queue) : IlgpuKernel<MatMulOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => MatrixLauncher.Kernels;

    protected override void Run(MatMulOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        new MatrixLauncher(Queue).Multiply(inputs[0], inputs[1], outputs[0], op.TransposeLeft, op.TransposeRight);
}

/// <summary>Linear layer with bias in one launch; without bias its definition is one launch already.</summary>
internal sealed class LinearIlgpuKernel(GpuQueue queue) : IlgpuKernel<LinearOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => MatrixLauncher.LinearKernels;

    protected override bool Supports(LinearOp op, ReadOnlySpan<TensorSpec> inputs) => inputs.Length == 3 && base.Supports(op, inputs);

    protected override void Run(LinearOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        new MatrixLauncher(Queue).Linear(inputs[0], inputs[1], inputs[2], outputs[0]);
}
