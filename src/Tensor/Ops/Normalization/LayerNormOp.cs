namespace ResNeSt.Tensors;

/// <summary>Layer normalisation: mean and biased variance over the last axes together, then γ and β, element by element over those axes.</summary>
/// <remarks>Inputs x and optionally γ, then β, both of the shape of the normalised axes. Source: Ba et al. 2016, arXiv:1607.06450.</remarks>
/// <param name="NormalizedAxes">How many of the last axes are normalised together; at least one.</param>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record LayerNormOp(int NormalizedAxes, double Epsilon) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 3);
        RequireFloat(inputs);
        var shape = inputs[0].Shape;
        if (NormalizedAxes < 1 || NormalizedAxes > shape.Rank)
            throw Error($"cannot normalise the last {NormalizedAxes} of {shape.Rank} axes", inputs);
        var normalized = Shape.Create(shape.Extents[^NormalizedAxes..]);
        for (int i = 1; i < inputs.Length; i++)
        {
            if (inputs[i].Shape != normalized)
                throw Error($"weight and bias must be {normalized}, like the normalised axes", inputs);
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
        var axes = new int[NormalizedAxes];
        for (int i = 0; i < axes.Length; i++)
            axes[i] = x.Shape.Rank - NormalizedAxes + i;
        var y = Normalize(x, Axes.Of(axes), Epsilon);
        if (inputs.Length > 1)
            y *= inputs[1];
        if (inputs.Length > 2)
            y += inputs[2];
        return [y];
    }

    internal static Tensor Normalize(Tensor x, Axes axes, double epsilon)
    {
        var centred = x - x.Mean(axes, keepAxes: true);
        return centred * (centred.Square().Mean(axes, keepAxes: true) + epsilon).Rsqrt();
    }

    internal static Tensor[] Inputs(string op, Tensor x, Tensor? weight, Tensor? bias) => (weight, bias) switch
    {
        (null, null) => [x],
        (null, not null) => throw new ShapeException($"{op}: a bias needs a weight before it; give ones"),
        (not null, null) => [x, weight],
        _ => [x, weight, bias],
    };
}

/// <summary>Calls of <see cref="LayerNormOp"/>.</summary>
public static class LayerNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>Normalises over the last axes; see <see cref="LayerNormOp"/>.</summary>
        /// <param name="normalizedAxes">How many of the last axes are normalised together.</param>
        /// <param name="weight">γ of the shape of those axes, or null for ones; needed where there is a bias.</param>
        /// <param name="bias">β of the same shape, or null for zeros.</param>
        /// <param name="epsilon">Added to the variance.</param>
        public Tensor LayerNorm(int normalizedAxes, Tensor? weight = null, Tensor? bias = null, double epsilon = 1e-5) =>
            OpDispatcher.Run(new LayerNormOp(normalizedAxes, epsilon), LayerNormOp.Inputs("layer_norm", x, weight, bias))[0];
    }
}
