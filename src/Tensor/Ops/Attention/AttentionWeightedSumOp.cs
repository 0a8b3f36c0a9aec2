namespace ResNeSt.Tensors;

/// <summary>Last step of split attention: the splits are added, each weighted by its attention,
/// y[n,c,h,w] = Σ_r a[n, r·C + c] · x[n, r·C + c, h, w].</summary>
/// <remarks>
/// <para>Inputs x [N, R·C, H, W], the features of the R splits, and a [N, R·C] or [N, R·C, 1, 1], one weight per sample, split and
/// channel, both radix-major (see <see cref="RadixSumGlobalAvgPoolOp"/> for why); output [N, C, H, W]. After <see cref="RadixSoftmaxOp"/>
/// the weights of a channel sum to one: each output channel is a mixture of its R candidates, and each picture chooses its own mixture.
/// For R = 2, y = x_1 + a_0·(x_0 - x_1). For R = 1 the op gates every channel, y = a·x.</para>
/// <para>The arithmetic is two operations for each element read: the cost is the memory traffic of reading x. Fused, the weighted
/// splits never exist in memory.</para>
/// <para>Gradients, with g = ∂L/∂y: ∂L/∂x[n, r·C + c, h, w] = a[n, r·C + c] · g[n,c,h,w] and
/// ∂L/∂a[n, r·C + c] = Σ_h Σ_w g[n,c,h,w] · x[n, r·C + c, h, w].</para>
/// <para>Source: Zhang et al. 2020, arXiv:2004.08955, section 3.</para>
/// </remarks>
/// <param name="Radix">Number of splits R, at least 1.</param>
public sealed record AttentionWeightedSumOp(int Radix) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,R*C,H,W]");
        var shape = inputs[0].Shape;
        if (Check(shape, inputs[1].Shape) is { } problem)
            throw Error(problem, inputs);
        return [new TensorSpec(shape.With(1, shape[1] / Radix), inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 2L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var shape = inputs[0].Shape;
        var (n, c, h, w) = (shape[0], shape[1] / Radix, shape[2], shape[3]);
        var (x, attention) = (inputs[0].Reshape([n, Radix, c, h, w]), inputs[1].Reshape([n, Radix, c, 1, 1]));
        return [(x * attention).Sum([1])];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var gradients = OpDispatcher.Run(new AttentionWeightedSumGradOp(Radix), context.Input(0), context.Input(1), context.GradOutput());
        for (int i = 0; i < 2; i++)
        {
            if (context.Needs(i))
                context.GiveGrad(i, gradients[i]);
        }
    }

    /// <summary>What is wrong with features and attention of these shapes, or null.</summary>
    internal string? Check(Shape features, Shape attention)
    {
        if (Radix < 1 || features[1] % Radix != 0)
            return $"radix {Radix} does not divide {features[1]} channels";
        Shape flat = [features[0], features[1]], pooled = [features[0], features[1], 1, 1];
        return attention == flat || attention == pooled ? null : $"attention must be {flat} or {pooled}: one weight per sample and channel of the input";
    }
}

/// <summary>Calls of <see cref="AttentionWeightedSumOp"/>.</summary>
public static class AttentionWeightedSumExtensions
{
    extension(Tensor x)
    {
        /// <summary>Sum of the splits weighted by their attention: [N, R·C, H, W] to [N, C, H, W]; see <see cref="AttentionWeightedSumOp"/>.</summary>
        /// <param name="attention">[N, R·C] or [N, R·C, 1, 1], radix-major, after the r-softmax.</param>
        /// <param name="radix">Number of splits R.</param>
        /// <exception cref="ShapeException">R does not divide the channels, or the attention is of another shape.</exception>
        public Tensor AttentionWeightedSum(Tensor attention, int radix) => OpDispatcher.Run(new AttentionWeightedSumOp(radix), x, attention)[0];
    }
}
