namespace ResNeSt.Tensors;

/// <summary>What cross-entropy and negative log-likelihood share: shape rules and the weighted sum over classes.</summary>
internal static class ClassLoss
{
    /// <summary>The class axis of logits [C], [N, C] or [N, C, ...].</summary>
    public static int Axis(Shape logits) => logits.Rank == 1 ? 0 : 1;

    /// <summary>Shape of one number per sample: the logits' shape without the class axis.</summary>
    public static Shape SampleShape(Shape logits)
    {
        var extents = logits.ToList();
        extents.RemoveAt(Axis(logits));
        return Shape.Create(extents.ToArray());
    }

    /// <summary>What is wrong with such inputs, or null.</summary>
    public static string? Check(ReadOnlySpan<TensorSpec> inputs, bool softTargets)
    {
        var (logits, targets) = (inputs[0], inputs[1]);
        if (!logits.DType.IsFloatingPoint)
            return $"needs floating-point logits, got {logits.DType}";
        if (logits.Shape.Rank == 0)
            return "needs logits [C], [N,C] or [N,C,...]";
        bool soft = softTargets && targets.DType == logits.DType;
        if (!soft && targets.DType != DType.I64)
            return $"targets must be class indices of I64{(softTargets ? $" or probabilities of {logits.DType}" : "")}, got {targets.DType}";
        var expected = soft ? logits.Shape : SampleShape(logits.Shape);
        if (targets.Shape != expected)
            return $"{(soft ? "target probabilities" : "class indices")} must be {expected}";
        Shape classes = [logits.Shape[Axis(logits.Shape)]];
        if (inputs.Length > 2 && (inputs[2].Shape != classes || inputs[2].DType != logits.DType))
            return $"class weights must be {new TensorSpec(classes, logits.DType)}";
        return null;
    }

    /// <summary>Class indices as a one-hot tensor of the logits' spec, all zeros where the index is ignored or outside of the classes.</summary>
    public static Tensor HotTargets(Tensor indices, TensorSpec logits, long ignoreIndex, Device device)
    {
        int axis = Axis(logits.Shape), classes = logits.Shape[axis];
        var hot = indices.OneHot(classes, logits.DType);
        if (ignoreIndex >= 0 && ignoreIndex < classes)
        {
            var counted = new double[classes];
            Array.Fill(counted, 1);
            counted[ignoreIndex] = 0;
            hot *= Tensor.FromDoubles(counted, new TensorSpec([classes], logits.DType), device);
        }

        if (axis == hot.Shape.Rank - 1)
            return hot;
        var order = new List<int>();
        for (int i = 0; i < hot.Shape.Rank - 1; i++)
            order.Add(i);
        order.Insert(axis, hot.Shape.Rank - 1);
        return hot.Permute(Permutation.Of(order.ToArray()));
    }

    /// <summary>Class weights [C] under the shape in which they broadcast against the logits.</summary>
    public static Tensor WeightsLike(Tensor weights, Shape logits) => logits.Rank == 1 ? weights : weights.Reshape(ChannelAxis.Broadcast(logits));

    /// <summary>-Σ_c q·log p over the classes, where 0 · (-∞) counts as zero: an impossible class that is not asked for costs nothing.</summary>
    public static Tensor Dot(Tensor weights, Tensor logProbabilities)
    {
        // Where q is zero, any finite number serves in place of -∞.
        var finite = logProbabilities.Clamp(Lowest(weights.DType), double.PositiveInfinity);
        return (weights * weights.Detach().Where(logProbabilities, finite)).Sum([Axis(weights.Shape)]) * -1;
    }

    private static double Lowest(DType dtype) => dtype switch
    {
        DType.F64 => double.MinValue,
        DType.F16 => (double)Half.MinValue,
        // The largest bfloat16; the largest float would round to infinity.
        DType.BF16 => -3.3895313892515355e38,
        _ => float.MinValue,
    };
}
