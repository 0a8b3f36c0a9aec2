namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="RadixSumGlobalAvgPoolOp"/>: the upstream gradient [N, C, 1, 1] divided by H·W, repeated for every
/// split and position, [N, R·C, H, W].</summary>
/// <param name="Radix">Number of splits R.</param>
/// <param name="Height">H of the pooled picture.</param>
/// <param name="Width">W of the pooled picture.</param>
public sealed record RadixSumGlobalAvgPoolGradOp(int Radix, int Height, int Width) : CompositeOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,1,1]");
        var shape = inputs[0].Shape;
        if (shape[2] != 1 || shape[3] != 1)
            throw Error("needs one number per channel, [N,C,1,1]", inputs);
        if (Radix < 1 || Height < 1 || Width < 1)
            throw Error($"radix {Radix}, height {Height} and width {Width} must be positive", inputs);
        return [new TensorSpec([shape[0], Radix * shape[1], Height, Width], inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (n, c) = (inputs[0].Shape[0], inputs[0].Shape[1]);
        var share = inputs[0] * (1.0 / (Height * (double)Width));
        return [share.Reshape([n, 1, c, 1]).BroadcastTo([n, Radix, c, Height * Width]).Reshape([n, Radix * c, Height, Width])];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        // The transposed map of the transposed map: the sum over splits and positions, scaled alike.
        context.GiveGrad(0, context.GradOutput().RadixSumGlobalAvgPool(Radix));
    }
}
