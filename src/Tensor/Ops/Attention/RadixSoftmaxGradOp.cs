namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="RadixSoftmaxOp"/> from its output a and g = ∂L/∂a, both radix-major: the gradient of the logits,
/// cardinality-major, ∂L/∂z_r = a_r · (g_r - Σ_q a_q·g_q); at radix 1 ∂L/∂z = a·(1 - a)·g.</summary>
/// <param name="Radix">Number of splits R.</param>
/// <param name="Cardinality">Number of cardinal groups K.</param>
public sealed record RadixSoftmaxGradOp(int Radix, int Cardinality) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        RequireFloat(inputs);
        if (inputs[0].Shape != inputs[1].Shape)
            throw Error("needs the r-softmax's output and a gradient of the same shape", inputs);
        if (new RadixSoftmaxOp(Radix, Cardinality).Check(inputs[0].Shape) is { } problem)
            throw Error(problem, inputs);
        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 4L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (attention, gradient) = (inputs[0], inputs[1]);
        if (Radix == 1)
            return [attention * (attention * -1 + 1) * gradient];
        int n = attention.Shape[0], members = attention.Shape[1] / (Radix * Cardinality);
        Shape radixMajor = [n, Radix, Cardinality, members];
        var inner = OpDispatcher.Run(new SoftmaxGradOp(1), attention.Reshape(radixMajor), gradient.Reshape(radixMajor))[0];
        return [inner.Permute([0, 2, 1, 3]).Reshape(attention.Shape)];
    }
}
