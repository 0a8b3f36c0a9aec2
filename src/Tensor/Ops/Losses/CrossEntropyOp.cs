namespace ResNeSt.Tensors;

/// <summary>Cross-entropy between target classes and the softmax of logits: loss = -Σ_c w[c] · q[c] · log softmax(z)[c].</summary>
/// <remarks>
/// <para>Inputs: logits z [N, C], [N, C, ...] or [C]; targets, either class indices (I64, the logits' shape without C) or
/// probabilities (the logits' shape and type; gradients flow to them too); optionally class weights w [C].</para>
/// <para>q is the target distribution after label smoothing: q = (1 - s)·target + s/C, where a class index stands for a one at its class.
/// That equals (1 - s) times the plain loss plus s times the mean loss against all classes.</para>
/// <para>The mean divides by the summed weight of the target classes that count (their number without weights); for probabilities by the
/// number of samples. Samples with the ignored index, or an index outside of the classes, cost nothing and do not count; if none counts, the
/// mean is NaN. All as in PyTorch, but for indices outside, which it refuses: a device cannot throw, so check labels where they come from.</para>
/// </remarks>
/// <param name="LabelSmoothing">s, the share of the target that is spread evenly over all classes, 0 to 1.</param>
/// <param name="Reduction">How the samples' losses are put together.</param>
/// <param name="IgnoreIndex">Class index of samples that do not count.</param>
public sealed record CrossEntropyOp(double LabelSmoothing = 0, Reduction Reduction = Reduction.Mean, long IgnoreIndex = -100) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 3);
        if (!(LabelSmoothing is >= 0 and <= 1))
            throw Error($"label smoothing {LabelSmoothing} is not in [0, 1]", inputs);
        if (ClassLoss.Check(inputs, softTargets: true) is { } problem)
            throw Error(problem, inputs);
        var shape = Reduction == Reduction.None ? ClassLoss.SampleShape(inputs[0].Shape) : Shape.Scalar;
        return [new TensorSpec(shape, inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 6L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var logits = inputs[0];
        int axis = ClassLoss.Axis(logits.Shape);
        double spread = LabelSmoothing / logits.Shape[axis];
        bool soft = inputs[1].DType.IsFloatingPoint;
        var weights = inputs.Length > 2 ? ClassLoss.WeightsLike(inputs[2], logits.Shape) : null;

        var target = soft ? inputs[1] : ClassLoss.HotTargets(inputs[1], logits.Spec, IgnoreIndex, logits.Device);
        var smoothed = target;
        if (LabelSmoothing > 0)
        {
            // A sample that does not count has no ones, and must not get any smoothing either.
            smoothed = soft ? target * (1 - LabelSmoothing) + spread
                : target * (1 - LabelSmoothing) + target.Sum([axis], keepAxes: true) * spread;
        }

        var losses = ClassLoss.Dot(weights is null ? smoothed : smoothed * weights, logits.LogSoftmax(axis));
        return Reduction switch
        {
            Reduction.None => [losses],
            Reduction.Sum => [losses.Sum()],
            _ when soft => [losses.Sum() * (1.0 / losses.Spec.ElementCount)],
            _ => [losses.Sum() / (weights is null ? target : target * weights).Sum()],
        };
    }
}

/// <summary>Calls of <see cref="CrossEntropyOp"/>.</summary>
public static class CrossEntropyExtensions
{
    extension(Tensor logits)
    {
        /// <summary>Cross-entropy of logits [N, C, ...] against class indices (I64) or probabilities; see <see cref="CrossEntropyOp"/>.</summary>
        /// <param name="targets">Class indices of I64, or probabilities of the logits' shape and type.</param>
        /// <param name="weights">Weight of each class [C], or null.</param>
        /// <param name="labelSmoothing">Share of the target spread evenly over all classes.</param>
        /// <param name="reduction">How the samples' losses are put together.</param>
        /// <param name="ignoreIndex">Class index of samples that do not count.</param>
        public Tensor CrossEntropy(Tensor targets, Tensor? weights = null, double labelSmoothing = 0, Reduction reduction = Reduction.Mean,
            long ignoreIndex = -100)
        {
            var op = new CrossEntropyOp(labelSmoothing, reduction, ignoreIndex);
            return weights is null ? OpDispatcher.Run(op, logits, targets)[0] : OpDispatcher.Run(op, logits, targets, weights)[0];
        }
    }
}
