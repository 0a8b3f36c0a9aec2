namespace ResNeSt.Tensors;

/// <summary>Deformable convolution: each tap of each window is moved by an offset of its own, and in the second version weighed by a mask,
/// y[n,k,h',w'] = Σ_c Σ_t w[k,c,t] · m[n,g,t,h',w'] · x[n,c] at (h'·stride - pad + dilation·t + offset).</summary>
/// <remarks>
/// <para>Inputs x [N, C, H, W], offset [N, 2·G·R·S, H', W'], the mask [N, G·R·S, H', W'] if there is one, weight [K, C/groups, R, S] and,
/// optionally, bias [K]; output [N, K, H', W']. The channels of offset and mask are those of <see cref="DeformSampleOp"/>.</para>
/// <para>Computed as the 1×1 convolution of what the taps see, so the picture of taps exists in memory, and is made again for the gradients.</para>
/// <para>Sources: Dai et al. 2017, arXiv:1703.06211; with a mask, Zhu et al. 2018, arXiv:1811.11168.</para>
/// </remarks>
/// <param name="Geometry">Stride, padding, dilation and groups.</param>
/// <param name="OffsetGroups">G: parts of the input channels that have offsets of their own; divides C.</param>
/// <param name="Masked">Whether there is a mask: the second version.</param>
public sealed record DeformConv2dOp(ConvGeometry Geometry, int OffsetGroups = 1, bool Masked = false) : CompositeOp
{
    private int WeightIndex => Masked ? 3 : 2;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, WeightIndex + 1, WeightIndex + 2);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        RequireRank(inputs, 1, 4, "[N,2·G·R·S,H',W']");
        RequireRank(inputs, WeightIndex, 4, "[K,C/groups,R,S]");
        var w = inputs[WeightIndex].Shape;
        // The rules of the plain convolution first: the image, the window, the bias.
        TensorSpec output;
        try
        {
            output = new Conv2dOp(Geometry).Infer([inputs[0], .. inputs[WeightIndex..]])[0];
        }
        catch (ShapeException error)
        {
            throw Error(error.Message[(error.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..error.Message.LastIndexOf(" (inputs", StringComparison.Ordinal)], inputs);
        }

        var sampling = Sampling(w);
        if (sampling.Fault(inputs[0].Shape, inputs[1].Shape) is { } fault)
            throw Error(fault, inputs);
        if (Masked && inputs[2].Shape != sampling.Mask(inputs[1].Shape))
            throw Error($"the mask must be {sampling.Mask(inputs[1].Shape)}", inputs);
        return [output];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        long samples = (long)inputs[1].ElementCount / (2 * OffsetGroups) * inputs[0].Shape[1];
        return OpCost.Streaming(inputs, outputs, outputs[0].ElementCount == 0 ? 0 : 2L * outputs[0].ElementCount * inputs[WeightIndex].Shape.Product(1, 4) + 8 * samples);
    }

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var weight = inputs[WeightIndex];
        var columns = OpDispatcher.Run(new DeformSampleOp(Sampling(weight.Shape)), inputs[..WeightIndex])[0];
        Shape pointwise = [weight.Shape[0], weight.Shape.Product(1, 4), 1, 1];
        return [columns.Conv2d(weight.Reshape(pointwise), inputs.Length > WeightIndex + 1 ? inputs[^1] : null, ConvGeometry.Of(groups: Geometry.Groups))];
    }

    private DeformSampling Sampling(Shape weight) => new(Geometry with { Groups = 1 }, weight[2], weight[3], OffsetGroups);
}

/// <summary>Calls of <see cref="DeformConv2dOp"/>.</summary>
public static class DeformConv2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>Deformable convolution; see <see cref="DeformConv2dOp"/>.</summary>
        /// <param name="offset">[N, 2·G·R·S, H', W'], in pixels.</param>
        /// <param name="mask">[N, G·R·S, H', W'], or null for the first version.</param>
        /// <param name="weight">[K, C/groups, R, S].</param>
        /// <param name="bias">[K], or null.</param>
        /// <param name="geometry">Stride, padding, dilation and groups.</param>
        /// <param name="offsetGroups">G.</param>
        /// <exception cref="ShapeException">The shapes do not fit.</exception>
        public Tensor DeformConv2d(Tensor offset, Tensor? mask, Tensor weight, Tensor? bias, ConvGeometry geometry, int offsetGroups = 1)
        {
            Tensor?[] inputs = [x, offset, mask, weight, bias];
            return OpDispatcher.Run(new DeformConv2dOp(geometry, offsetGroups, mask is not null), [.. inputs.OfType<Tensor>()])[0];
        }
    }
}
