namespace ResNeSt.Tensors;

/// <summary>First step of split attention: adds the R splits and averages over the picture,
/// s[n,c] = 1/(H·W) · Σ_h Σ_w Σ_r x[n, r·C + c, h, w].</summary>
/// <remarks>
/// <para>Input [N, R·C, H, W], radix-major: split r is the contiguous slab of channels [r·C, (r+1)·C). Output [N, C, 1, 1]: the
/// global context of each channel, which the two small layers of the attention turn into one number per channel and split.</para>
/// <para><b>Why radix-major.</b> The paper draws the splits of one cardinal group side by side. Stored radix-first instead, channel
/// r·C + k·(C/K) + j is split r, cardinal group k, member j, and three things become simple: one grouped convolution with K·R groups
/// computes every branch; each split is one slab, so sums over splits are plain strided reductions without a shuffle; and after the
/// sum the channels are already ordered by cardinal group, so grouped layers with K groups give each its own small network.</para>
/// <para>Fused, the sum over splits never exists in memory: every element of x is read once, and nothing is kept for the gradient,
/// which is the same constant for every split and position: ∂L/∂x[n, r·C + c, h, w] = ∂L/∂s[n,c] / (H·W).</para>
/// <para>Source: Zhang et al. 2020, arXiv:2004.08955, section 3. With R = 1 this is the squeeze of a squeeze-and-excitation network.</para>
/// </remarks>
/// <param name="Radix">Number of splits R, at least 1.</param>
public sealed record RadixSumGlobalAvgPoolOp(int Radix) : CompositeOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,R*C,H,W]");
        var shape = inputs[0].Shape;
        if (Radix < 1 || shape[1] % Radix != 0)
            throw Error($"radix {Radix} does not divide {shape[1]} channels", inputs);
        if (shape[2] == 0 || shape[3] == 0)
            throw Error("a picture without pixels has no average", inputs);
        return [new TensorSpec([shape[0], shape[1] / Radix, 1, 1], inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var shape = inputs[0].Shape;
        var (n, c, plane) = (shape[0], shape[1] / Radix, shape[2] * shape[3]);
        var sum = inputs[0].Reshape([n, Radix, c, plane]).Sum([1, 3]);
        return [(sum * (1.0 / plane)).Reshape([n, c, 1, 1])];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var shape = context.InputSpec(0).Shape;
        context.GiveGrad(0, OpDispatcher.Run(new RadixSumGlobalAvgPoolGradOp(Radix, shape[2], shape[3]), context.GradOutput())[0]);
    }
}

/// <summary>Calls of <see cref="RadixSumGlobalAvgPoolOp"/>.</summary>
public static class RadixSumGlobalAvgPoolExtensions
{
    extension(Tensor x)
    {
        /// <summary>Sum of the splits, averaged over the picture: [N, R·C, H, W] to [N, C, 1, 1]; see <see cref="RadixSumGlobalAvgPoolOp"/>.</summary>
        /// <param name="radix">Number of splits R.</param>
        public Tensor RadixSumGlobalAvgPool(int radix) => OpDispatcher.Run(new RadixSumGlobalAvgPoolOp(radix), x)[0];
    }
}
