namespace ResNeSt.Tensors;

/// <summary>r-softmax, the second step of split attention: for every sample and channel a softmax over the R splits, and at the same
/// time a change of channel order from cardinality-major to radix-major.</summary>
/// <remarks>
/// <para>Input [N, R·C] or [N, R·C, 1, 1], output of the same shape, with K cardinal groups of C/K channels:</para>
/// <code>
/// in   z[n, k·(R·C/K) + r·(C/K) + j]     cardinality-major: as a layer with K groups gives it
/// out  a[n, r·C + k·(C/K) + j]           radix-major: split r is one slab of C channels, as the features are
///
/// a[n, r·C + c] = exp(z_r) / Σ_q exp(z_q)       with c = k·(C/K) + j and z_r the logit of split r of channel c
/// </code>
/// <para>In other words: view the input as [N, K, R, C/K], exchange K and R, take the softmax over R, flatten. For K = 1 both orders
/// are the same. The largest logit is subtracted before the exponential. For R = 2, a_0 = σ(z_0 - z_1) and a_1 = 1 - a_0.</para>
/// <para><b>R = 1 is an element-wise sigmoid</b>, not a softmax, which over one element would be constantly 1: then split attention
/// is the gate of a squeeze-and-excitation network.</para>
/// <para>Gradient, with g = ∂L/∂a: ∂L/∂z_r = a_r · (g_r - Σ_q a_q·g_q), and for R = 1 ∂L/∂z = a·(1 - a)·g, in the input's order.</para>
/// <para>Source: Zhang et al. 2020, arXiv:2004.08955, section 3; the order of channels is that of the published implementation.</para>
/// </remarks>
/// <param name="Radix">Number of splits R, at least 1.</param>
/// <param name="Cardinality">Number of cardinal groups K, at least 1.</param>
public sealed record RadixSoftmaxOp(int Radix, int Cardinality) : CompositeOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        if (Check(inputs[0].Shape) is { } problem)
            throw Error(problem, inputs);
        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 4L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var z = inputs[0];
        if (Radix == 1)
            return [z.Sigmoid()];
        int n = z.Shape[0], members = z.Shape[1] / (Radix * Cardinality);
        var radixMajor = z.Reshape([n, Cardinality, Radix, members]).Permute([0, 2, 1, 3]);
        return [radixMajor.Softmax(axis: 1).Reshape(z.Shape)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, OpDispatcher.Run(new RadixSoftmaxGradOp(Radix, Cardinality), context.Output(0), context.GradOutput())[0]);

    /// <summary>What is wrong with logits of this shape, or null.</summary>
    internal string? Check(Shape shape)
    {
        if (shape.Rank != 2 && !(shape.Rank == 4 && shape[2] == 1 && shape[3] == 1))
            return "needs logits [N,R*C] or [N,R*C,1,1]";
        if (Radix < 1 || Cardinality < 1 || shape[1] % (Radix * Cardinality) != 0)
            return $"radix {Radix} times cardinality {Cardinality} does not divide {shape[1]} channels";
        return null;
    }
}

/// <summary>Calls of <see cref="RadixSoftmaxOp"/>.</summary>
public static class RadixSoftmaxExtensions
{
    extension(Tensor logits)
    {
        /// <summary>Softmax over the splits, cardinality-major in, radix-major out; a sigmoid at radix 1. See <see cref="RadixSoftmaxOp"/>.</summary>
        /// <param name="radix">Number of splits R.</param>
        /// <param name="cardinality">Number of cardinal groups K.</param>
        public Tensor RadixSoftmax(int radix, int cardinality) => OpDispatcher.Run(new RadixSoftmaxOp(radix, cardinality), logits)[0];
    }
}
