using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx;

/// <summary>What writes one operator.</summary>
/// <param name="to">Takes nodes and constants.</param>
/// <param name="node">The operator.</param>
/// <param name="x">Its inputs.</param>
/// <returns>Its first output.</returns>
internal delegate OnnxValue OnnxRule(OnnxEmitter to, GraphNode node, OnnxValue[] x);

/// <summary>How each operator is written: one line an operator.</summary>
internal static class OnnxOperators
{
    /// <summary>The rule for an operator; null if there is none.</summary>
    public static OnnxRule? Find(Op op, IReadOnlyList<TensorSpec> inputs) => op switch
    {
        ReluOp => Named("Relu"),
        ExpOp => Named("Exp"),
        LogOp => Named("Log"),
        SigmoidOp => Named("Sigmoid"),
        TanhOp => Named("Tanh"),
        SqrtOp => Named("Sqrt"),
        AbsOp => Named("Abs"),
        SignOp => Named("Sign"),
        FloorOp => Named("Floor"),
        NegateOp => Named("Neg"),
        ReciprocalOp => Named("Reciprocal"),
        RsqrtOp => (to, node, x) => to.Add("Reciprocal", Output(node), [to.Add("Sqrt", Output(node), x)]),
        SquareOp => (to, node, x) => to.Add("Mul", Output(node), [x[0], x[0]]),
        LeakyReluOp leaky => (to, node, x) => to.Add("LeakyRelu", Output(node), x, OnnxAttribute.Of("alpha", leaky.Slope)),
        ClampOp clamp => (to, node, x) => to.Add("Clip", Output(node), [x[0], to.Scalar(clamp.Min, x[0].Spec.DType), to.Scalar(clamp.Max, x[0].Spec.DType)]),
        AffineOp affine => (to, node, x) => Affine(to, node, x[0], affine),
        AddOp => Binary("Add"),
        SubtractOp => Binary("Sub"),
        MultiplyOp => Binary("Mul"),
        DivideOp => Binary("Div"),
        MaximumOp => Binary("Max"),
        MinimumOp => Binary("Min"),
        PowerOp => Binary("Pow"),
        GreaterOp => Comparison("Greater"),
        EqualOp => Comparison("Equal"),
        WhereOp => Where,

        Conv2dOp conv when conv.Geometry is { PadTop: >= 0, PadLeft: >= 0, PadBottom: >= 0, PadRight: >= 0 } => OnnxConvolutions.Convolution,
        MaxPool2dOp => OnnxConvolutions.MaxPool,
        AvgPool2dOp => OnnxConvolutions.AveragePool,
        AdaptiveAvgPool2dOp pool when inputs[0].Shape[2] % pool.Height == 0 && inputs[0].Shape[3] % pool.Width == 0 => OnnxConvolutions.AdaptiveAveragePool,
        RadixSumGlobalAvgPoolOp => OnnxConvolutions.RadixSumGlobalAveragePool,
        AttentionWeightedSumOp => OnnxConvolutions.AttentionWeightedSum,
        InterpolateOp => OnnxConvolutions.Resize,

        BatchNormInferenceOp norm => (to, node, x) => to.Add("BatchNormalization", Output(node), x, OnnxAttribute.Of("epsilon", norm.Epsilon)),
        LayerNormOp norm when inputs.Count > 1 => (to, node, x) =>
        {
            int axis = x[0].Shape.Rank - norm.NormalizedAxes;
            to.RequireNotBatch(x[0], axis);
            return to.Add("LayerNormalization", Output(node), x, OnnxAttribute.Of("axis", axis), OnnxAttribute.Of("epsilon", norm.Epsilon));
        },
        SoftmaxOp softmax => Along("Softmax", softmax.Axis),
        LogSoftmaxOp softmax => Along("LogSoftmax", softmax.Axis),
        LinearOp when inputs[0].Shape.Rank == 2 => (to, node, x) => to.Add("Gemm", Output(node), x, OnnxAttribute.Of("transB", 1)),
        MatMulOp product => (to, node, x) => to.Add("MatMul", Output(node), [Transposed(to, x[0], product.TransposeLeft), Transposed(to, x[1], product.TransposeRight)]),

        SumOp sum => (to, node, x) => Sum(to, node, x[0], sum),
        MeanOp mean => (to, node, x) => Reduce("ReduceMean", to, node, x[0], mean.Axes, mean.KeepAxes),
        MaxOp max => (to, node, x) => Reduce("ReduceMax", to, node, x[0], max.Axes, max.KeepAxes),
        MinOp min => (to, node, x) => Reduce("ReduceMin", to, node, x[0], min.Axes, min.KeepAxes),
        ArgMaxOp search => (to, node, x) =>
        {
            to.RequireNotBatch(x[0], search.Axis);
            return to.Add("ArgMax", Output(node), x, OnnxAttribute.Of("axis", search.Axis), OnnxAttribute.Of("keepdims", 0), OnnxAttribute.Of("select_last_index", search.SelectLast ? 1 : 0));
        },

        ReshapeOp => (to, node, x) => to.Reshape(x[0], node.Outputs[0].Shape),
        PermuteOp permute => (to, node, x) =>
        {
            if (permute.Permutation[0] != 0)
                to.RequireNotBatch(x[0], 0);
            return to.Add("Transpose", Output(node), x, OnnxAttribute.Of("perm", permute.Permutation));
        },
        SliceOp slice => (to, node, x) =>
        {
            to.RequireNotBatch(x[0], slice.Axis);
            return to.Add("Slice", Output(node), [x[0], to.Integers(slice.Start), to.Integers(slice.Start + slice.Length), to.Integers(slice.Axis)]);
        },
        ConcatOp concat => (to, node, x) =>
        {
            foreach (var part in x)
                to.RequireNotBatch(part, concat.Axis);
            return to.Add("Concat", Output(node), x, OnnxAttribute.Of("axis", concat.Axis));
        },
        PadOp { Mode: PadMode.Constant or PadMode.Reflect or PadMode.Replicate } pad => (to, node, x) => Pad(to, node, x[0], pad),
        BroadcastToOp => Expand,
        CastOp cast => (to, node, x) => to.Add("Cast", Output(node), x, OnnxAttribute.Of("to", OnnxTypes.Of(cast.DType))),
        _ => null,
    };

    /// <summary>Spec of a node's first output.</summary>
    internal static TensorSpec Output(GraphNode node) => node.Outputs[0].Spec;

    private static OnnxRule Named(string type) => (to, node, x) => to.Add(type, Output(node), x);

    private static OnnxRule Along(string type, int axis) => (to, node, x) =>
    {
        to.RequireNotBatch(x[0], axis);
        return to.Add(type, Output(node), x, OnnxAttribute.Of("axis", axis));
    };

    private static OnnxRule Binary(string type) => (to, node, x) => to.Add(type, Output(node), Aligned(to, node, x));

    /// <summary>ONNX compares to truth values, the engine to ones and zeros of the inputs' type.</summary>
    private static OnnxRule Comparison(string type) => (to, node, x) =>
        to.Add("Cast", Output(node), [to.Add(type, Output(node), Aligned(to, node, x))], OnnxAttribute.Of("to", OnnxTypes.Of(Output(node).DType)));

    private static OnnxValue Where(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        var all = Aligned(to, node, x);
        return to.Add("Where", Output(node), [to.Add("Cast", all[0].Spec, [all[0]], OnnxAttribute.Of("to", OnnxTypes.Bool)), all[1], all[2]]);
    }

    /// <summary>Operands whose first axis is the batch must have as many axes as the result, or it would be another axis there.</summary>
    private static OnnxValue[] Aligned(OnnxEmitter to, GraphNode node, OnnxValue[] x) =>
        x.All(value => !value.HasBatch || value.Shape.Rank == node.Outputs[0].Shape.Rank) ? x : throw to.NoBatch("broadcasts the batch against another axis");

    private static OnnxValue Affine(OnnxEmitter to, GraphNode node, OnnxValue x, AffineOp affine)
    {
        var y = x;
        if (affine.Scale != 1)
            y = to.Add("Mul", Output(node), [y, to.Scalar(affine.Scale, x.Spec.DType)]);
        if (affine.Shift != 0)
            y = to.Add("Add", Output(node), [y, to.Scalar(affine.Shift, x.Spec.DType)]);
        return y;
    }

    private static OnnxValue Transposed(OnnxEmitter to, OnnxValue x, bool transpose)
    {
        int rank = x.Shape.Rank;
        if (rank == 2 && transpose)
            to.RequireNotBatch(x, 0);
        if (!transpose)
            return x;
        int[] order = [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2];
        return to.Add("Transpose", new TensorSpec(Shape.Create([.. order.Select(axis => x.Shape[axis])]), x.Spec.DType), [x], OnnxAttribute.Of("perm", order));
    }

    private static OnnxValue Sum(OnnxEmitter to, GraphNode node, OnnxValue x, SumOp sum)
    {
        if (sum.Axes.Count == 0)
            return to.Add("Identity", Output(node), [x]);
        foreach (int axis in sum.Axes)
            to.RequireNotBatch(x, axis);
        // Of the reductions only this one takes its axes as an input in operator set 17.
        return to.Add("ReduceSum", Output(node), [x, to.Integers([.. sum.Axes.Select(axis => (long)axis)])], OnnxAttribute.Of("keepdims", sum.KeepAxes ? 1 : 0));
    }

    private static OnnxValue Reduce(string type, OnnxEmitter to, GraphNode node, OnnxValue x, Axes axes, bool keepAxes)
    {
        if (axes.Count == 0)
            return to.Add("Identity", Output(node), [x]);
        foreach (int axis in axes)
            to.RequireNotBatch(x, axis);
        if (type == "ReduceMean" && x.Shape.Rank == 4 && axes == Axes.Of(2, 3))
            return to.Reshape(OnnxConvolutions.GlobalAverage(to, x), node.Outputs[0].Shape);
        return to.Add(type, Output(node), [x], OnnxAttribute.Of("axes", axes), OnnxAttribute.Of("keepdims", keepAxes ? 1 : 0));
    }

    private static OnnxValue Pad(OnnxEmitter to, GraphNode node, OnnxValue x, PadOp pad)
    {
        to.RequireNotBatch(x, pad.Axis);
        var counts = new long[2 * x.Shape.Rank];
        (counts[pad.Axis], counts[x.Shape.Rank + pad.Axis]) = (pad.Before, pad.After);
        return pad.Mode == PadMode.Constant
            ? to.Add("Pad", Output(node), [x, to.Integers(counts), to.Scalar(pad.Value, x.Spec.DType)])
            : to.Add("Pad", Output(node), [x, to.Integers(counts)], OnnxAttribute.Of("mode", pad.Mode == PadMode.Reflect ? "reflect" : "edge"));
    }

    private static OnnxValue Expand(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        var all = Aligned(to, node, x);
        long[] extents = [.. node.Outputs[0].Shape.Select(extent => (long)extent)];
        // One keeps what is there.
        if (x[0].HasBatch)
            extents[0] = 1;
        return to.Add("Expand", Output(node), [all[0], to.Integers(extents)]);
    }
}
