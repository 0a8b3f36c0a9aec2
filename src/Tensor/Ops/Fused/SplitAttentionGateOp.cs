namespace ResNeSt.Tensors;

/// <summary>The small part of split attention as one step: a = r-softmax(fc2(act(fc1(s)))).</summary>
/// <remarks>Inputs s [N,C,1,1], w1 [H,C/K,1,1], b1 [H], w2 [R·C',H/K,1,1], b2 [R·C']; output [N,R·C',1,1], radix-major. Both layers have K groups;
/// batch norm has vanished into the first. With R = 1 it is the gate of a squeeze-and-excitation block.</remarks>
/// <param name="Radix">Number of splits R.</param>
/// <param name="Cardinality">Number of cardinal groups K.</param>
/// <param name="Activation">Between the layers.</param>
public sealed record SplitAttentionGateOp(int Radix, int Cardinality, ActivationKind Activation) : CompositeOp
{
    private Conv2dOp Layer => new(ConvGeometry.Of(groups: Cardinality));

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 5, 5);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,1,1]");
        if (inputs[0].Shape[2] != 1 || inputs[0].Shape[3] != 1)
            throw Error("needs a summary [N,C,1,1]", inputs);
        var hidden = Layer.Infer([inputs[0], inputs[1], inputs[2]])[0];
        return new RadixSoftmaxOp(Radix, Cardinality).Infer(Layer.Infer([hidden, inputs[3], inputs[4]]));
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) =>
        OpCost.Streaming(inputs, Infer(inputs), 2L * inputs[0].Shape[0] * (inputs[1].ElementCount + inputs[3].ElementCount));

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var geometry = ConvGeometry.Of(groups: Cardinality);
        var hidden = inputs[0].Conv2d(inputs[1], inputs[2], geometry).Activate(Activation);
        return [hidden.Conv2d(inputs[3], inputs[4], geometry).RadixSoftmax(Radix, Cardinality)];
    }
}
