using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A convolution with what compiled sessions join to it.</summary>
/// <remarks>At most four launches: weighting and pooling of the input into rented memory, the product with bias, residual, activation and the sums over
/// pixels at its end, or, where its sums are cut, in a launch of their own, and the sum of those sums.</remarks>
internal sealed class FusedConv2dIlgpuKernel(GpuQueue queue) : IlgpuKernel<FusedConv2dOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels =>
        [.. ConvolutionLauncher.FusedKernels, AttentionPool.Kernel, AttentionWeightedSumIlgpuKernel.Kernel, AvgPool2dIlgpuKernel.Kernel,
            .. MapKernels<FormatTF32>.All, .. MapKernels<FormatF16>.All, .. MapKernels<FormatBF16>.All];

    protected override void Run(FusedConv2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        if (outputs[0].Spec.ElementCount == 0)
            return;
        var launcher = new ConvolutionLauncher(Queue);
        var residual = op.ResidualIndex < 0 ? null : inputs[op.ResidualIndex];
        var (x, y, mean) = (inputs[0], outputs[0], op.Epilogue.PoolRadix == 0 ? null : outputs[1]);
        if (op.Prologue.AttentionRadix == 0 && op.Prologue.Pool is null)
            launcher.Fused(op.Geometry, x.Floats, x.Shape, inputs[1], inputs[2], residual, op.Epilogue, y, mean);
        else
        {
            var specs = new TensorSpec[inputs.Length];
            for (int i = 0; i < specs.Length; i++)
                specs[i] = inputs[i].Spec;
            var convolved = op.ConvolvedSpec(specs).Shape;
            using var work = new Workspace(Queue, convolved.ElementCount);
            var weighted = work.Floats;
            int radix = op.Prologue.AttentionRadix;
            if (op.Prologue.Pool is not { } pool)
                Queue.Launch(AttentionWeightedSumIlgpuKernel.Kernel, Queue.Over(convolved.ElementCount, 4), x.Floats, inputs[op.AttentionIndex].Floats, weighted, new SplitShape(x.Shape, radix));
            else if (radix == 0)
                Queue.Launch(AvgPool2dIlgpuKernel.Kernel, Queue.Over(convolved.ElementCount, 1), x.Floats, weighted,
                    new PoolShape(pool.Geometry, x.Shape, convolved), new AverageRule(pool.CountPadding, pool.DivisorOverride));
            else
                Queue.Launch(AttentionPool.Kernel, Queue.Over(convolved.ElementCount, 1), x.Floats, inputs[op.AttentionIndex].Floats, weighted,
                    new PoolShape(pool.Geometry, x.Shape, convolved), new AverageRule(pool.CountPadding, pool.DivisorOverride), new SplitShape(x.Shape, radix));
            launcher.Fused(op.Geometry, weighted, convolved, inputs[1], inputs[2], residual, op.Epilogue, y, mean);
        }
    }
}
