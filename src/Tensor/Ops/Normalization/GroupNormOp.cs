namespace ResNeSt.Tensors;

/// <summary>Group normalisation: the C channels of each sample are cut into groups of neighbours, and each group is normalised over its
/// channels and positions by its own mean and biased variance; then γ[c] and β[c] are applied.</summary>
/// <remarks>Inputs x [N, C, ...] and optionally γ [C], then β [C]. The same in training and evaluation.
/// Source: Wu and He 2018, arXiv:1803.08494.</remarks>
/// <param name="Groups">Number of groups; divides C.</param>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record GroupNormOp(int Groups, double Epsilon) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 3);
        RequireFloat(inputs);
        var shape = inputs[0].Shape;
        if (shape.Rank < 2)
            throw Error("needs an input [N,C,...]", inputs);
        if (Groups < 1 || shape[1] % Groups != 0)
            throw Error($"{Groups} groups do not divide {shape[1]} channels", inputs);
        Shape channels = [shape[1]];
        for (int i = 1; i < inputs.Length; i++)
        {
            if (inputs[i].Shape != channels)
                throw Error($"input has {shape[1]} channels; weight and bias must be {channels}", inputs);
        }

        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 7L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var x = inputs[0];
        if (x.Spec.ElementCount == 0)
            return [x * 1];
        int perGroup = x.Shape[1] / Groups * x.Shape.Product(2, x.Shape.Rank);
        var y = LayerNormOp.Normalize(x.Reshape([x.Shape[0] * Groups, perGroup]), Axes.Of(1), Epsilon).Reshape(x.Shape);
        var broadcast = ChannelAxis.Broadcast(x.Shape);
        if (inputs.Length > 1)
            y *= inputs[1].Reshape(broadcast);
        if (inputs.Length > 2)
            y += inputs[2].Reshape(broadcast);
        return [y];
    }
}

/// <summary>Calls of <see cref="GroupNormOp"/>.</summary>
public static class GroupNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>Normalises each group of channels of each sample; see <see cref="GroupNormOp"/>.</summary>
        /// <param name="groups">Number of groups.</param>
        /// <param name="weight">γ [C], or null for ones; needed where there is a bias.</param>
        /// <param name="bias">β [C], or null for zeros.</param>
        /// <param name="epsilon">Added to the variance.</param>
        public Tensor GroupNorm(int groups, Tensor? weight = null, Tensor? bias = null, double epsilon = 1e-5) =>
            OpDispatcher.Run(new GroupNormOp(groups, epsilon), LayerNormOp.Inputs("group_norm", x, weight, bias))[0];
    }
}
