namespace ResNeSt.Tensors;

/// <summary>What the moved taps of a deformable convolution see: c[n, ch·R·S + t, h', w'] = m · x[n, ch] at the tap's place plus its offset,
/// bilinear between four pixels, zero outside of the picture.</summary>
/// <remarks>
/// <para>Inputs x [N, C, H, W], offset [N, 2·G·R·S, H', W'] and, optionally, the mask m [N, G·R·S, H', W']; output [N, C·R·S, H', W'].
/// Offset channel 2·(g·R·S + t) moves tap t of offset group g by rows, the next one by columns, in pixels; taps count row by row.</para>
/// <para>The output is an image whose 1×1 convolution is the deformable convolution, see <see cref="DeformConv2dOp"/>.</para>
/// <para>Gradients: to the image by <see cref="DeformSampleInputGradOp"/>, to offsets and mask by <see cref="DeformSampleOffsetGradOp"/>. At
/// whole offsets, where all learning begins, the slope is that towards the next pixel.</para>
/// </remarks>
/// <param name="Sampling">Where the taps lie, and how many channels move together.</param>
public sealed record DeformSampleOp(DeformSampling Sampling) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 3);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        RequireRank(inputs, 1, 4, "[N,2·G·R·S,H',W']");
        var (x, offset) = (inputs[0].Shape, inputs[1].Shape);
        if (Sampling.Fault(x, offset) is { } fault)
            throw Error(fault, inputs);
        if (inputs.Length == 3 && inputs[2].Shape != Sampling.Mask(offset))
            throw Error($"the mask must be {Sampling.Mask(offset)}", inputs);
        return [new TensorSpec(Sampling.Columns(x, offset), dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, 8L * outputs[0].ElementCount);
    }

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var shape = inputs[0].Shape;
        int groups = Sampling.OffsetGroups, perGroup = shape[1] / groups;
        var matrices = new DeformMatrices(Sampling, inputs[1], shape[2], shape[3]);
        var samples = inputs[0].Reshape([shape[0], groups, perGroup, shape.Product(2, 4)]).MatMul(matrices.Whole(), transposeRight: true);
        if (inputs.Length == 3)
            samples *= inputs[2].Reshape([shape[0], groups, 1, samples.Shape[3]]);
        return [samples.Reshape(Sampling.Columns(shape, inputs[1].Shape))];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var image = context.InputSpec(0).Shape;
        var upstream = context.GradOutput();
        bool masked = context.InputCount == 3;
        Tensor[] mask = masked ? [context.Input(2)] : [];
        if (context.Needs(0))
            context.GiveGrad(0, OpDispatcher.Run(new DeformSampleInputGradOp(Sampling, image[2], image[3]), [upstream, context.Input(1), .. mask])[0]);
        if (!context.Needs(1) && !(masked && context.Needs(2)))
            return;
        var gradients = OpDispatcher.Run(new DeformSampleOffsetGradOp(Sampling), [context.Input(0), context.Input(1), upstream, .. mask]);
        if (context.Needs(1))
            context.GiveGrad(1, gradients[0]);
        if (masked && context.Needs(2))
            context.GiveGrad(2, gradients[1]);
    }
}
