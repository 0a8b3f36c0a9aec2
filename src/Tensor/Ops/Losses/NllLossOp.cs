namespace ResNeSt.Tensors;

/// <summary>Negative log-likelihood of target classes: loss = -w[t] · p[t], with p the log-probabilities given.</summary>
/// <remarks>Inputs: log-probabilities [N, C], [N, C, ...] or [C], usually of <see cref="LogSoftmaxOp"/>; class indices (I64, that shape
/// without C); optionally class weights w [C]. The mean divides by the summed weight of the targets that count. Samples with the
/// ignored index, or one outside of the classes, cost nothing and do not count.</remarks>
/// <param name="Reduction">How the samples' losses are put together.</param>
/// <param name="IgnoreIndex">Class index of samples that do not count.</param>
public sealed record NllLossOp(Reduction Reduction = Reduction.Mean, long IgnoreIndex = -100) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 3);
        if (ClassLoss.Check(inputs, softTargets: false) is { } problem)
            throw Error(problem, inputs);
        var shape = Reduction == Reduction.None ? ClassLoss.SampleShape(inputs[0].Shape) : Shape.Scalar;
        return [new TensorSpec(shape, inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var logProbabilities = inputs[0];
        var target = ClassLoss.HotTargets(inputs[1], logProbabilities.Spec, IgnoreIndex, logProbabilities.Device);
        if (inputs.Length > 2)
            target *= ClassLoss.WeightsLike(inputs[2], logProbabilities.Shape);
        var losses = ClassLoss.Dot(target, logProbabilities);
        return Reduction switch
        {
            Reduction.None => [losses],
            Reduction.Sum => [losses.Sum()],
            _ => [losses.Sum() / target.Sum()],
        };
    }
}

/// <summary>Calls of <see cref="NllLossOp"/>.</summary>
public static class NllLossExtensions
{
    extension(Tensor logProbabilities)
    {
        /// <summary>Negative log-likelihood of class indices; see <see cref="NllLossOp"/>.</summary>
        /// <param name="targets">Class indices of I64.</param>
        /// <param name="weights">Weight of each class [C], or null.</param>
        /// <param name="reduction">How the samples' losses are put together.</param>
        /// <param name="ignoreIndex">Class index of samples that do not count.</param>
        public Tensor NllLoss(Tensor targets, Tensor? weights = null, Reduction reduction = Reduction.Mean, long ignoreIndex = -100)
        {
            var op = new NllLossOp(reduction, ignoreIndex);
            return weights is null ? OpDispatcher.Run(op, logProbabilities, targets)[0]
                : OpDispatcher.Run(op, logProbabilities, targets, weights)[0];
        }
    }
}
