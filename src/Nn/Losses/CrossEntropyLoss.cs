using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Cross-entropy of logits against class indices or probabilities; see <see cref="CrossEntropyOp"/>.</summary>
/// <param name="labelSmoothing">Share of the target spread evenly over all classes.</param>
/// <param name="reduction">How the samples' losses are put together.</param>
/// <param name="ignoreIndex">Class index of samples that do not count.</param>
/// <param name="classWeights">Weight of each class [C], or null; on the logits' device.</param>
public sealed class CrossEntropyLoss(double labelSmoothing = 0, Reduction reduction = Reduction.Mean, long ignoreIndex = -100, Tensor? classWeights = null)
{
    /// <summary>The loss; a scalar, unless not reduced.</summary>
    /// <param name="logits">[N, C], [N, C, ...] or [C].</param>
    /// <param name="targets">Class indices of I64, or probabilities of the logits' shape and type.</param>
    /// <exception cref="ShapeException">Shapes do not fit, or, on a host device, a class index is neither a class nor the ignored index.</exception>
    public Tensor Forward(Tensor logits, Tensor targets)
    {
        // Reading labels back would make a device wait every step; there, indices outside of the classes do not count.
        if (targets.DType == DType.I64 && logits.Shape.Rank > 0 && targets.Device.Kind is "cpu" or "reference")
            CheckLabels(targets, logits.Shape[logits.Shape.Rank == 1 ? 0 : 1]);
        return logits.CrossEntropy(targets, classWeights, labelSmoothing, reduction, ignoreIndex);
    }

    private void CheckLabels(Tensor targets, int classes)
    {
        foreach (long label in targets.ToArray<long>())
        {
            if ((label < 0 || label >= classes) && label != ignoreIndex)
                throw new ShapeException($"cross_entropy: label {label} is none of the {classes} classes (targets {targets.Spec})");
        }
    }
}
