namespace ResNeSt.Tensors;

/// <summary>The dynamic part of a contextual transformer: each position gathers its 3×3 neighbourhood with weights of its own,
/// y[n,c,h,w] = Σ_i Σ_j a[n, c mod M, 3i + j, h, w] · v[n, c, h + i - 1, w + j - 1], with zeros outside of the picture.</summary>
/// <remarks>
/// <para>Inputs v [N, C, H, W], the values, and a [N, M, 9, H, W], the weights: one 3×3 window for each of M weight channels and each
/// position; M divides C. Output [N, C, H, W]. The C/M channels that share a window lie M apart. Unlike a convolution's, the windows
/// differ from position to position and come from the picture itself; unlike in attention over the whole picture, the cost grows with the
/// picture's area only.</para>
/// <para>Where two halves of the channels have windows of their own, reshape: v [2N, C/2, H, W] with a [2N, M/2, 9, H, W].</para>
/// <para>18 operations for each value: fused, the padded picture and the nine products never exist in memory, and a window is read from
/// the cache for all but the first of its channels.</para>
/// <para>Gradients, with g = ∂L/∂y: ∂L/∂v gathers g through the same windows turned around (<see cref="LocalAggregationValueGradOp"/>);
/// ∂L/∂a[n,m,3i+j,h,w] = Σ_{c mod M = m} g[n,c,h,w] · v[n, c, h + i - 1, w + j - 1] (<see cref="LocalAggregationWeightGradOp"/>).</para>
/// <para>Source: Li et al. 2021, arXiv:2107.12292, section 3.2. No softmax over the taps: the weights may have any sign.</para>
/// </remarks>
public sealed record LocalAggregationOp : CompositeOp
{
    /// <summary>Extent of the window.</summary>
    internal const int Kernel = 3;

    /// <summary>Taps of the window.</summary>
    internal const int Taps = Kernel * Kernel;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        RequireRank(inputs, 1, 5, "[N,M,9,H,W]");
        if (Check(inputs[0].Shape, inputs[1].Shape) is { } problem)
            throw Error(problem, inputs);
        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 2L * Taps * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        Tensor v = inputs[0], weights = inputs[1];
        var shape = v.Shape;
        Shape shared = Shared(shape, weights.Shape);
        var padded = v.Pad2d(1, 1, 1, 1);
        Tensor? sum = null;
        for (int tap = 0; tap < Taps; tap++)
        {
            var product = Neighbour(padded, shape, tap).Reshape(shared) * Window(weights, tap);
            sum = sum is null ? product : sum + product;
        }

        return [sum!.Reshape(shape)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var g = context.GradOutput();
        if (context.Needs(0))
            context.GiveGrad(0, OpDispatcher.Run(new LocalAggregationValueGradOp(), context.Input(1), g)[0]);
        if (context.Needs(1))
            context.GiveGrad(1, OpDispatcher.Run(new LocalAggregationWeightGradOp(context.InputSpec(1).Shape[1]), context.Input(0), g)[0]);
    }

    /// <summary>What is wrong with values and weights of these shapes, or null.</summary>
    internal static string? Check(Shape values, Shape weights)
    {
        int channels = weights[1];
        if (channels < 1 || values[1] % channels != 0)
            return $"{channels} weight channels do not divide {values[1]} channels";
        Shape expected = [values[0], channels, Taps, values[2], values[3]];
        return weights == expected ? null : $"the weights must be {expected}: nine for each sample, weight channel and position";
    }

    /// <summary>[N, C/M, M, H, W]: channels that share a window along axis 1.</summary>
    internal static Shape Shared(Shape values, Shape weights) =>
        [values[0], values[1] / weights[1], weights[1], values[2], values[3]];

    /// <summary>The values that a tap sees from every position, out of values with a border of one.</summary>
    internal static Tensor Neighbour(Tensor padded, Shape shape, int tap) =>
        padded.Slice(-2, tap / Kernel, shape[2]).Slice(-1, tap % Kernel, shape[3]);

    /// <summary>The weights of a tap, [N, 1, M, H, W].</summary>
    internal static Tensor Window(Tensor weights, int tap)
    {
        var shape = weights.Shape;
        return weights.Slice(2, tap, 1).Reshape([shape[0], 1, shape[1], shape[3], shape[4]]);
    }
}

/// <summary>Calls of <see cref="LocalAggregationOp"/>.</summary>
public static class LocalAggregationExtensions
{
    extension(Tensor values)
    {
        /// <summary>Sum over each position's 3×3 neighbourhood with weights of its own; see <see cref="LocalAggregationOp"/>.</summary>
        /// <param name="weights">[N, M, 9, H, W] for values [N, C, H, W]: channel c takes weight channel c mod M.</param>
        /// <exception cref="ShapeException">M does not divide C, or the weights do not fit the values.</exception>
        public Tensor LocalAggregation(Tensor weights) => OpDispatcher.Run(new LocalAggregationOp(), values, weights)[0];
    }
}
