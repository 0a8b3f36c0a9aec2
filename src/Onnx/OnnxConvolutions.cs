using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx;

/// <summary>Operators on pictures [N,C,H,W]: convolutions, pools, split attention, resampling.</summary>
internal static class OnnxConvolutions
{
    public static OnnxValue Convolution(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        var g = ((Conv2dOp)node.Op).Geometry;
        return to.Add("Conv", OnnxOperators.Output(node), x,
            OnnxAttribute.Of("kernel_shape", [x[1].Shape[2], x[1].Shape[3]]),
            OnnxAttribute.Of("strides", [g.StrideH, g.StrideW]),
            OnnxAttribute.Of("pads", [g.PadTop, g.PadLeft, g.PadBottom, g.PadRight]),
            OnnxAttribute.Of("dilations", [g.DilationH, g.DilationW]),
            OnnxAttribute.Of("group", g.Groups));
    }

    public static OnnxValue MaxPool(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        var g = ((MaxPool2dOp)node.Op).Geometry;
        var (bottom, right) = Overhang(g, x[0].Shape, node.Outputs[0].Shape);
        // Padding is never chosen, so a window that hangs over is a window on more padding.
        return to.Add("MaxPool", OnnxOperators.Output(node), x,
            OnnxAttribute.Of("kernel_shape", [g.KernelH, g.KernelW]),
            OnnxAttribute.Of("strides", [g.StrideH, g.StrideW]),
            OnnxAttribute.Of("pads", [g.PadTop, g.PadLeft, g.PadBottom + bottom, g.PadRight + right]),
            OnnxAttribute.Of("dilations", [g.DilationH, g.DilationW]));
    }

    public static OnnxValue AveragePool(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        var op = (AvgPool2dOp)node.Op;
        var g = op.Geometry;
        var output = OnnxOperators.Output(node);
        var (bottom, right) = Overhang(g, x[0].Shape, output.Shape);
        int[] inside = [g.PadTop, g.PadLeft, g.PadBottom, g.PadRight], all = [g.PadTop, g.PadLeft, g.PadBottom + bottom, g.PadRight + right];
        if (op.DivisorOverride != 0)
        {
            var mean = Average(to, x[0], output, g, all, countPadding: true);
            return to.Add("Mul", output, [mean, to.Scalar((double)g.KernelH * g.KernelW / op.DivisorOverride, output.DType)]);
        }

        bool hangsOver = bottom + right > 0, padded = inside.Any(count => count > 0);
        if (!op.CountPadding || !hangsOver || !padded)
            return Average(to, x[0], output, g, all, op.CountPadding && !hangsOver);
        // Padding counts and what hangs over does not: the one becomes part of the picture, the other stays padding.
        var shape = x[0].Shape;
        var larger = new TensorSpec([shape[0], shape[1], shape[2] + g.PadTop + g.PadBottom, shape[3] + g.PadLeft + g.PadRight], output.DType);
        var picture = to.Add("Pad", larger, [x[0], to.Integers(0, 0, g.PadTop, g.PadLeft, 0, 0, g.PadBottom, g.PadRight), to.Scalar(0, output.DType)]);
        return Average(to, picture, output, g, [0, 0, bottom, right], countPadding: false);
    }

    public static OnnxValue AdaptiveAveragePool(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        var output = OnnxOperators.Output(node);
        int height = x[0].Shape[2] / output.Shape[2], width = x[0].Shape[3] / output.Shape[3];
        var geometry = new PoolGeometry(height, width, height, width, 0, 0, 0, 0, 1, 1, false);
        return output.Shape[2] * output.Shape[3] == 1 ? GlobalAverage(to, x[0]) : Average(to, x[0], output, geometry, [0, 0, 0, 0], countPadding: false);
    }

    /// <summary>Mean of every plane, [N,C,1,1].</summary>
    public static OnnxValue GlobalAverage(OnnxEmitter to, OnnxValue x) =>
        to.Add("GlobalAveragePool", new TensorSpec([x.Shape[0], x.Shape[1], 1, 1], x.Spec.DType), [x]);

    /// <summary>The mean of a sum is the sum of the means, which are few.</summary>
    public static OnnxValue RadixSumGlobalAveragePool(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        int radix = ((RadixSumGlobalAvgPoolOp)node.Op).Radix;
        var means = GlobalAverage(to, x[0]);
        if (radix == 1)
            return means;
        var output = OnnxOperators.Output(node);
        var splits = to.Reshape(means, [output.Shape[0], radix, output.Shape[1], 1, 1]);
        return to.Add("ReduceSum", output, [splits, to.Integers(1)], OnnxAttribute.Of("keepdims", 0));
    }

    /// <summary>Weighs all splits at once, then adds them.</summary>
    public static OnnxValue AttentionWeightedSum(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        int radix = ((AttentionWeightedSumOp)node.Op).Radix;
        var (shape, output) = (x[0].Shape, OnnxOperators.Output(node));
        if (radix == 1)
            return to.Add("Mul", output, [x[0], to.Reshape(x[1], [shape[0], shape[1], 1, 1])]);
        // Slices that are added are several times as fast in ONNX Runtime as a sum over an axis of five.
        var weighed = to.Add("Mul", x[0].Spec, [x[0], to.Reshape(x[1], [shape[0], shape[1], 1, 1])]);
        OnnxValue? sum = null;
        for (int split = 0; split < radix; split++)
        {
            int channels = output.Shape[1];
            var slice = to.Add("Slice", output, [weighed, to.Integers(split * channels), to.Integers((split + 1) * channels), to.Integers(1)]);
            sum = sum is null ? slice : to.Add("Add", output, [sum, slice]);
        }

        return sum!;
    }

    public static OnnxValue Resize(OnnxEmitter to, GraphNode node, OnnxValue[] x)
    {
        var op = (InterpolateOp)node.Op;
        var (shape, output) = (x[0].Shape, OnnxOperators.Output(node));
        var (mode, coordinates, rounding) = op.Mode switch
        {
            InterpolationMode.Nearest => ("nearest", "asymmetric", "floor"),
            InterpolationMode.NearestExact => ("nearest", "half_pixel", "round_prefer_ceil"),
            InterpolationMode.NearestPreferFloor => ("nearest", "half_pixel", "round_prefer_floor"),
            _ => ("linear", op.AlignCorners ? "align_corners" : "half_pixel", "round_prefer_floor"),
        };
        OnnxAttribute[] attributes = [OnnxAttribute.Of("mode", mode), OnnxAttribute.Of("coordinate_transformation_mode", coordinates), OnnxAttribute.Of("nearest_mode", rounding)];
        // A factor that was given decides the positions; otherwise the extents do, which name the batch too.
        if (op.ScaleHeight > 0 && op.ScaleWidth > 0)
            return to.Add("Resize", output, [x[0], null, to.Factors(1, 1, op.ScaleHeight, op.ScaleWidth)], attributes);
        return x[0].HasBatch
            ? throw to.NoBatch("is given by extents")
            : to.Add("Resize", output, [x[0], null, null, to.Integers([.. output.Shape.Select(extent => (long)extent)])], attributes);
    }

    private static OnnxValue Average(OnnxEmitter to, OnnxValue x, TensorSpec output, PoolGeometry g, int[] pads, bool countPadding) => to.Add("AveragePool", output, [x],
        OnnxAttribute.Of("kernel_shape", [g.KernelH, g.KernelW]),
        OnnxAttribute.Of("strides", [g.StrideH, g.StrideW]),
        OnnxAttribute.Of("pads", pads),
        OnnxAttribute.Of("count_include_pad", countPadding ? 1 : 0));

    /// <summary>Rows and columns of the last windows beyond the padded picture. Written as padding: readers round window counts up in more than one way.</summary>
    private static (int Bottom, int Right) Overhang(PoolGeometry g, Shape input, Shape output) => (
        Math.Max(0, (output[2] - 1) * g.StrideH + g.DilationH * (g.KernelH - 1) + 1 - input[2] - g.PadTop - g.PadBottom),
        Math.Max(0, (output[3] - 1) * g.StrideW + g.DilationW * (g.KernelW - 1) + 1 - input[3] - g.PadLeft - g.PadRight));
}
