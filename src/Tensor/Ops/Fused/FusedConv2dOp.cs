namespace ResNeSt.Tensors;

/// <summary>A convolution with all that can happen while its input is loaded and its output is stored, as compiled sessions use it:
/// y = act(conv(prologue(x), w) + b [+ residual]), and on request the radix-summed mean of y over its plane.</summary>
/// <remarks>
/// Inputs, in this order: x, weight [K,C/groups,R,S], bias [K], the attention if <see cref="ConvPrologue.AttentionRadix"/> is not zero
/// ([N,R·C] or [N,R·C,1,1]), the residual of the output's shape if <see cref="ConvEpilogue.Residual"/>. Outputs: y [N,K,H',W'], then
/// [N,K/R,1,1] if <see cref="ConvEpilogue.PoolRadix"/> R is not zero. Batch norm has vanished into weight and bias before.
/// </remarks>
/// <param name="Geometry">Stride, padding, dilation and groups of the convolution.</param>
/// <param name="Prologue">What happens to x first.</param>
/// <param name="Epilogue">What happens to the sums.</param>
public sealed record FusedConv2dOp(ConvGeometry Geometry, ConvPrologue Prologue, ConvEpilogue Epilogue) : CompositeOp
{
    /// <summary>Number of inputs that the parts ask for.</summary>
    public int InputCount => 3 + (Prologue.AttentionRadix > 0 ? 1 : 0) + (Epilogue.Residual ? 1 : 0);

    /// <summary>Position of the residual among the inputs; -1 without.</summary>
    public int ResidualIndex => Epilogue.Residual ? InputCount - 1 : -1;

    /// <summary>Position of the attention among the inputs; -1 without.</summary>
    public int AttentionIndex => Prologue.AttentionRadix > 0 ? 3 : -1;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, InputCount, InputCount);
        RequireFloat(inputs);
        var y = new Conv2dOp(Geometry).Infer([ConvolvedSpec(inputs), inputs[1], inputs[2]])[0];
        if (Epilogue.Residual && inputs[ResidualIndex] != y)
            throw Error($"the residual must be {y}", inputs);
        return Epilogue.PoolRadix == 0 ? [y] : [y, new RadixSumGlobalAvgPoolOp(Epilogue.PoolRadix).Infer([y])[0]];
    }

    /// <summary>What the convolution itself sees: x after the prologue.</summary>
    public TensorSpec ConvolvedSpec(ReadOnlySpan<TensorSpec> inputs)
    {
        var x = inputs[0];
        if (Prologue.AttentionRadix > 0)
            x = new AttentionWeightedSumOp(Prologue.AttentionRadix).Infer([x, inputs[AttentionIndex]])[0];
        return Prologue.Pool is { } pool ? pool.Infer([x])[0] : x;
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, 2L * outputs[0].ElementCount * inputs[1].Shape.Product(1, 4));
    }

    /// <inheritdoc/>
    /// <remarks>Taken apart from the outside: a backend that joins fewer parts still runs those that it joins as one.</remarks>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var x = inputs[0];
        if (Prologue != default)
        {
            if (Prologue.AttentionRadix > 0)
                x = x.AttentionWeightedSum(inputs[AttentionIndex], Prologue.AttentionRadix);
            if (Prologue.Pool is { } pool)
                x = OpDispatcher.Run(pool, x)[0];
            var rest = this with { Prologue = default };
            return Epilogue.Residual
                ? OpDispatcher.Run(rest, x, inputs[1], inputs[2], inputs[ResidualIndex])
                : OpDispatcher.Run(rest, x, inputs[1], inputs[2]);
        }

        Tensor y;
        if (Epilogue.PoolRadix > 0)
        {
            y = OpDispatcher.Run(this with { Epilogue = Epilogue with { PoolRadix = 0 } }, inputs)[0];
            return [y, y.RadixSumGlobalAvgPool(Epilogue.PoolRadix)];
        }

        y = x.Conv2d(inputs[1], inputs[2], Geometry);
        if (Epilogue.Residual)
            y += inputs[ResidualIndex];
        return [y.Activate(Epilogue.Activation)];
    }
}

/// <summary>What happens to the input of a <see cref="FusedConv2dOp"/>: first the attention-weighted sum of its splits, then an average pool; both optional.</summary>
/// <param name="AttentionRadix">Splits R that are weighted and added; zero for none.</param>
/// <param name="Pool">The average pool, or null.</param>
public readonly record struct ConvPrologue(int AttentionRadix, AvgPool2dOp? Pool);

/// <summary>What happens to the sums of a <see cref="FusedConv2dOp"/>.</summary>
/// <param name="Activation">Applied after the residual is added.</param>
/// <param name="Residual">Whether a tensor of the output's shape is added first.</param>
/// <param name="PoolRadix">Splits R of a second output, the mean over the plane of the sum of the splits (R = 1: the plain mean); zero for none.</param>
public readonly record struct ConvEpilogue(ActivationKind Activation, bool Residual, int PoolRadix);
