using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>The operators of ONNX written in operators of the engine: arithmetic, reductions, movement.</summary>
internal static partial class OnnxOperators
{
    /// <summary>Every operator that the runner knows.</summary>
    public static IReadOnlyDictionary<string, Func<OnnxNode, Tensor[]>> All { get; } = new Dictionary<string, Func<OnnxNode, Tensor[]>>
    {
        ["Abs"] = node => [node.Input(0).Abs()],
        ["Add"] = node => [node.Input(0) + Right(node)],
        ["ArgMax"] = ArgMax,
        ["AveragePool"] = AveragePool,
        ["BatchNormalization"] = BatchNormalization,
        ["Clip"] = node => [node.Input(0).Clamp(Bound(node, 1, "min"), Bound(node, 2, "max"))],
        ["Concat"] = node => [Tensor.Concat(node.Raw(0).Shape.NormalizeAxis(node.Int("axis", 1), "Concat"), [.. Enumerable.Range(0, node.InputCount).Select(node.Raw)])],
        ["Constant"] = node => [node.Constant("value")],
        ["Conv"] = Conv,
        ["ConvTranspose"] = ConvTranspose,
        ["Div"] = Divide,
        ["Dropout"] = Dropout,
        ["Equal"] = node => [node.Input(0).Equal(Right(node))],
        ["Exp"] = node => [node.Input(0).Exp()],
        ["Expand"] = Expand,
        ["Flatten"] = Flatten,
        ["Floor"] = node => [node.Input(0).Floor()],
        ["Gemm"] = Gemm,
        ["GlobalAveragePool"] = node => [node.Input(0).Mean(Spatial(node.Raw(0)), keepAxes: true)],
        ["GlobalMaxPool"] = node => [node.Input(0).Max(Spatial(node.Raw(0)), keepAxes: true)],
        ["Greater"] = node => [node.Input(0).Greater(Right(node))],
        ["Identity"] = node => [node.Raw(0)],
        ["LeakyRelu"] = node => [node.Input(0).LeakyRelu(node.Number("alpha", 0.01))],
        ["Log"] = node => [node.Input(0).Log()],
        ["LogSoftmax"] = node => [OverAxes(node, (x, axis) => x.LogSoftmax(axis))],
        ["MatMul"] = node => [node.Input(0).MatMul(node.Input(1))],
        ["Max"] = node => [node.Inputs.Aggregate((a, b) => a.Maximum(b))],
        ["MaxPool"] = MaxPool,
        ["Mean"] = node => [node.Inputs.Aggregate((a, b) => a + b) * (1.0 / node.InputCount)],
        ["Min"] = node => [node.Inputs.Aggregate((a, b) => a.Minimum(b))],
        ["Momentum"] = Momentum,
        ["Mul"] = node => [node.Input(0) * Right(node)],
        ["Neg"] = node => [-node.Input(0)],
        ["NegativeLogLikelihoodLoss"] = node => [node.Input(0).NllLoss(node.Raw(1), node.Optional(2), ReductionOf(node), node.Int("ignore_index", -100))],
        ["Pad"] = Pad,
        ["Pow"] = Power,
        ["Reciprocal"] = node => [node.Input(0).Reciprocal()],
        ["ReduceMax"] = node => [Reduce(node, (x, axes, keep) => x.Max(axes, keep))],
        ["ReduceMean"] = node => [Reduce(node, (x, axes, keep) => x.Mean(axes, keep))],
        ["ReduceMin"] = node => [Reduce(node, (x, axes, keep) => x.Min(axes, keep))],
        ["ReduceSum"] = node => [Reduce(node, (x, axes, keep) => x.Sum(axes, keep))],
        ["Relu"] = node => [node.Input(0).Relu()],
        ["Reshape"] = Reshape,
        ["Resize"] = Resize,
        ["Sigmoid"] = node => [node.Input(0).Sigmoid()],
        ["Sign"] = node => [node.Input(0).Sign()],
        ["Slice"] = Slice,
        ["Softmax"] = node => [OverAxes(node, (x, axis) => x.Softmax(axis))],
        ["SoftmaxCrossEntropyLoss"] = node =>
        [
            node.Input(0).CrossEntropy(node.Raw(1), node.Optional(2), 0, ReductionOf(node), node.Int("ignore_index", -100)),
            node.Input(0).LogSoftmax(1),
        ],
        ["Split"] = Split,
        ["Sqrt"] = node => [node.Input(0).Sqrt()],
        ["Squeeze"] = Squeeze,
        ["Sub"] = node => [node.Input(0) - Right(node)],
        ["Sum"] = node => [node.Inputs.Aggregate((a, b) => a + b)],
        ["Tanh"] = node => [node.Input(0).Tanh()],
        ["Transpose"] = Transpose,
        ["Unsqueeze"] = Unsqueeze,
    };

    /// <summary>The second operand; versions before 7 say with an axis where its first axis lies.</summary>
    private static Tensor Right(OnnxNode node)
    {
        var right = node.Input(1);
        int axis = node.Int("axis", -1);
        if (node.Opset >= 7 || axis < 0)
            return right;
        int missing = node.Raw(0).Shape.Rank - axis - right.Shape.Rank;
        return right.Reshape(Shape.Create([.. right.Shape, .. Enumerable.Repeat(1, Math.Max(missing, 0))]));
    }

    private static Tensor? Bound(OnnxNode node, int input, string attribute)
    {
        if (node.Optional(input) is not null)
            return node.Input(input);
        double value = node.Number(attribute, double.NaN);
        return double.IsNaN(value) ? null : Tensor.Full(value, Shape.Scalar, node.Input(0).DType, node.Device);
    }

    private static Tensor[] ArgMax(OnnxNode node)
    {
        var x = node.Input(0);
        int axis = x.Shape.NormalizeAxis(node.Int("axis"), "ArgMax");
        var indices = OpDispatcher.Run(new ArgMaxOp(axis, node.Int("select_last_index") == 1), x)[0];
        return [node.Int("keepdims", 1) == 1 ? indices.Unsqueeze(axis) : indices];
    }

    private static Tensor[] Divide(OnnxNode node)
    {
        var quotient = node.Input(0) / Right(node);
        return [node.Raw(0).DType.IsFloatingPoint ? quotient : quotient.Floor()];
    }

    private static Tensor[] Power(OnnxNode node)
    {
        var power = node.Input(0).Power(Right(node));
        // An integer power of integers comes out rounded in floating point, and is an integer again.
        return [node.Raw(0).DType.IsFloatingPoint ? power : (power + 0.5).Floor()];
    }

    private static Tensor[] Dropout(OnnxNode node)
    {
        bool training = node.InputInts(2) is [1];
        double ratio = node.Optional(1) is { } given ? given.Item() : 0.5;
        var x = node.Input(0);
        var y = training ? OpDispatcher.Run(new DropoutOp(ratio, 0), x)[0] : x;
        return [y, Tensor.Ones(x.Shape, DType.U8, node.Device)];
    }

    private static Tensor[] Expand(OnnxNode node)
    {
        var x = node.Raw(0);
        return [x.BroadcastTo(Broadcasting.Combine(x.Shape, Shape.Create(node.InputInts(1)), "Expand"))];
    }

    private static Tensor[] Flatten(OnnxNode node)
    {
        var shape = node.Raw(0).Shape;
        int axis = node.Int("axis", 1);
        axis = axis < 0 ? axis + shape.Rank : axis;
        return [node.Raw(0).Reshape([shape.Product(0, axis), shape.Product(axis, shape.Rank)])];
    }

    private static Tensor[] Gemm(OnnxNode node)
    {
        var product = node.Input(0).MatMul(node.Input(1), node.Int("transA") == 1, node.Int("transB") == 1) * node.Number("alpha", 1);
        return [node.Optional(2) is null ? product : product + node.Input(2) * node.Number("beta", 1)];
    }

    private static Axes Spatial(Tensor x) => Axes.Of([.. Enumerable.Range(2, x.Shape.Rank - 2)]);

    /// <summary>Before version 13 the softmax ran over all axes from the given one on, as one.</summary>
    private static Tensor OverAxes(OnnxNode node, Func<Tensor, int, Tensor> softmax)
    {
        var x = node.Input(0);
        if (node.Opset >= 13)
            return softmax(x, node.Int("axis", -1));
        int axis = x.Shape.NormalizeAxis(node.Int("axis", 1), node.Op);
        return softmax(x.Reshape([x.Shape.Product(0, axis), x.Shape.Product(axis, x.Shape.Rank)]), 1).Reshape(x.Shape);
    }

    private static Tensor Reduce(OnnxNode node, Func<Tensor, Axes, bool, Tensor> reduce)
    {
        var x = node.Input(0);
        int[]? axes = node.Axes("axes", 1, x.Shape.Rank);
        bool none = axes is null or [];
        if (none && node.Int("noop_with_empty_axes") == 1)
            return x;
        return reduce(x, none ? Axes.All(x.Shape.Rank) : Axes.Of(axes), node.Int("keepdims", 1) == 1);
    }

    private static Tensor[] Momentum(OnnxNode node)
    {
        // The first step takes the whole gradient; later steps damp it by beta, which the engine's step does not.
        bool first = node.Raw(1).Item() == 0;
        double damping = first ? 1 : node.Number("beta", 1);
        if (damping != 1)
            throw new InvalidDataException("Momentum: a damped gradient");
        int count = (node.InputCount - 2) / 3;
        var op = new SgdStepOp(node.Raw(0).Item(), node.Number("alpha", 0), node.Number("norm_coefficient", 0), node.Text("mode") == "nesterov");
        for (int i = 0; i < count; i++)
            OpDispatcher.Run(op, node.Raw(2 + i), node.Raw(2 + 2 * count + i), node.Raw(2 + count + i));
        return [.. Enumerable.Range(2, count).Concat(Enumerable.Range(2 + 2 * count, count)).Select(node.Raw)];
    }

    private static Tensor[] Pad(OnnxNode node)
    {
        var y = node.Raw(0);
        int[] pads = node.Ints("pads") ?? node.InputInts(1)!;
        double value = node.Optional(2) is { } given ? given.Item() : node.Number("value", 0);
        var mode = node.Text("mode") switch
        {
            "reflect" => PadMode.Reflect,
            "edge" => PadMode.Replicate,
            "wrap" => PadMode.Circular,
            _ => PadMode.Constant,
        };
        int rank = pads.Length / 2;
        for (int axis = 0; axis < rank; axis++)
            y = y.Pad(axis, pads[axis], pads[rank + axis], mode, value);
        return [y];
    }

    private static Tensor[] Reshape(OnnxNode node)
    {
        var x = node.Raw(0);
        int[] extents = node.Ints("shape") ?? node.InputInts(1)!;
        bool keepZeros = node.Int("allowzero") == 1;
        for (int i = 0; i < extents.Length; i++)
        {
            if (extents[i] == 0 && !keepZeros)
                extents[i] = x.Shape[i];
        }

        int free = Array.IndexOf(extents, -1);
        if (free >= 0)
        {
            extents[free] = 1;
            extents[free] = x.Shape.ElementCount / extents.Aggregate(1, (a, b) => a * b);
        }

        return [x.Reshape(Shape.Create(extents))];
    }

    private static Tensor[] Slice(OnnxNode node)
    {
        var y = node.Raw(0);
        int[] starts = node.Ints("starts") ?? node.InputInts(1)!;
        int[] ends = node.Ints("ends") ?? node.InputInts(2)!;
        int[] axes = node.Axes("axes", 3, y.Shape.Rank) ?? [.. Enumerable.Range(0, starts.Length)];
        if (node.InputInts(4) is { } steps && steps.Any(step => step != 1))
            throw new InvalidDataException("Slice: steps other than one");
        for (int i = 0; i < axes.Length; i++)
        {
            int extent = y.Shape[axes[i]];
            int start = Math.Clamp(starts[i] < 0 ? starts[i] + extent : starts[i], 0, extent);
            int end = Math.Clamp(ends[i] < 0 ? ends[i] + extent : ends[i], start, extent);
            y = y.Slice(axes[i], start, end - start);
        }

        return [y];
    }

    private static Tensor[] Split(OnnxNode node)
    {
        var x = node.Raw(0);
        int axis = x.Shape.NormalizeAxis(node.Int("axis"), "Split");
        int each = (x.Shape[axis] + node.OutputCount - 1) / node.OutputCount;
        int[] lengths = node.Ints("split") ?? node.InputInts(1)
            ?? [.. Enumerable.Range(0, node.OutputCount).Select(i => Math.Min(each, x.Shape[axis] - i * each))];
        return x.Split(axis, lengths);
    }

    private static Tensor[] Squeeze(OnnxNode node)
    {
        var shape = node.Raw(0).Shape;
        int[] axes = node.Axes("axes", 1, shape.Rank) ?? [.. Enumerable.Range(0, shape.Rank).Where(axis => shape[axis] == 1)];
        return [node.Raw(0).Reshape(Shape.Create([.. Enumerable.Range(0, shape.Rank).Where(axis => !axes.Contains(axis)).Select(axis => shape[axis])]))];
    }

    private static Tensor[] Unsqueeze(OnnxNode node)
    {
        var shape = node.Raw(0).Shape;
        int added = (node.Ints("axes") ?? node.InputInts(1)!).Length;
        int[] axes = node.Axes("axes", 1, shape.Rank + added)!;
        var rest = new Queue<int>(shape);
        return [node.Raw(0).Reshape(Shape.Create([.. Enumerable.Range(0, shape.Rank + added).Select(axis => axes.Contains(axis) ? 1 : rest.Dequeue())]))];
    }

    private static Tensor[] Transpose(OnnxNode node)
    {
        int rank = node.Raw(0).Shape.Rank;
        return [node.Raw(0).Permute(Permutation.Of(node.Ints("perm") ?? [.. Enumerable.Range(0, rank).Reverse()]))];
    }

    private static Reduction ReductionOf(OnnxNode node) => node.Text("reduction") switch
    {
        "none" => Reduction.None,
        "sum" => Reduction.Sum,
        _ => Reduction.Mean,
    };
}
