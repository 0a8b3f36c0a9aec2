using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>What the moved taps of a deformable convolution see.</summary>
internal sealed class DeformSampleIlgpuKernel(GpuQueue queue) : IlgpuKernel<DeformSampleOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [DeformKernels.Sample];

    // A picture without pixels has none that could be read in the place of those outside.
    protected override bool Supports(DeformSampleOp op, ReadOnlySpan<TensorSpec> inputs) => base.Supports(op, inputs) && inputs[0].Shape.Product(1, 4) > 0;

    protected override void Run(DeformSampleOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, offset) = (inputs[0], inputs[1]);
        bool masked = inputs.Length == 3;
        var shape = new DeformShape(op.Sampling, x.Shape, offset.Shape, masked);
        long items = (long)shape.Groups * shape.Blocks.Divisor * shape.Samples;
        Queue.Launch(DeformKernels.Sample, Queue.Over(items, 1), x.Floats, offset.Floats, inputs[masked ? 2 : 1].Floats, outputs[0].Floats, shape);
    }
}

/// <summary>Gradient of the samples with respect to the image: two launches.</summary>
internal sealed class DeformSampleInputGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<DeformSampleInputGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [DeformKernels.Sort, DeformKernels.InputGrad];

    protected override void Run(DeformSampleInputGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (dy, offset, dx) = (inputs[0], inputs[1], outputs[0]);
        bool masked = inputs.Length == 3;
        var shape = new DeformShape(op.Sampling, dx.Shape, offset.Shape, masked);
        int lines = shape.Groups * shape.Taps.Divisor;
        long starts = lines * (shape.Corners + 1L), positions = (long)shape.Groups * shape.Samples;
        using var workspace = new Workspace(Queue, starts + positions);
        var words = workspace.Floats.Cast<int>();
        var sorted = new DeformKernels.Sorted(words.SubView(0, starts), words.SubView(starts, positions));
        Queue.Launch(DeformKernels.Sort, (lines, Math.Min(DeformKernels.Round, Queue.GroupSize)), offset.Floats, sorted.Starts, sorted.Positions, shape);
        long items = (long)shape.Groups * shape.Blocks.Divisor * shape.Plane.Divisor;
        Queue.Launch(DeformKernels.InputGrad, Queue.Over(items, 1), dy.Floats, offset.Floats, inputs[masked ? 2 : 1].Floats, sorted, dx.Floats, shape);
    }
}

/// <summary>Gradient of the samples with respect to offsets and mask.</summary>
internal sealed class DeformSampleOffsetGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<DeformSampleOffsetGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [DeformKernels.OffsetGrad];

    protected override bool Supports(DeformSampleOffsetGradOp op, ReadOnlySpan<TensorSpec> inputs) => base.Supports(op, inputs) && inputs[0].Shape.Product(1, 4) > 0;

    protected override void Run(DeformSampleOffsetGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, offset, dy) = (inputs[0], inputs[1], inputs[2]);
        bool masked = inputs.Length == 4;
        var shape = new DeformShape(op.Sampling, x.Shape, offset.Shape, masked);
        Queue.Launch(
            DeformKernels.OffsetGrad, Queue.Over((long)shape.Groups * shape.Samples, 1), x.Floats, offset.Floats, dy.Floats,
            inputs[masked ? 3 : 1].Floats, outputs[0].Floats, outputs[masked ? 1 : 0].Floats, shape);
    }
}
