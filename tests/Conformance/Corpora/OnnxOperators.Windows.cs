using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <content>Operators with windows, batch normalisation, interpolation. Lines are planes of one row.</content>
internal static partial class OnnxOperators
{
    private static Tensor[] Conv(OnnxNode node)
    {
        var (x, weight) = (node.Input(0), node.Input(1));
        var window = Window.Of(node, x.Shape, [.. weight.Shape.Skip(2)]);
        var geometry = new ConvGeometry(
            window.Stride[0], window.Stride[1], window.Before[0], window.Before[1], window.After[0], window.After[1],
            window.Dilation[0], window.Dilation[1], node.Int("group", 1));
        return OnPlanes(x, plane => [plane.Conv2d(AsPlane(weight), node.Optional(2), geometry)]);
    }

    private static Tensor[] ConvTranspose(OnnxNode node)
    {
        var (x, weight) = (node.Input(0), node.Input(1));
        int axes = x.Shape.Rank - 2;
        int[] kernel = Widen([.. weight.Shape.Skip(2)], 1);
        int[] stride = Widen(node.Ints("strides") ?? Ones(axes), 1), dilation = Widen(node.Ints("dilations") ?? Ones(axes), 1);
        int[] extra = Widen(node.Ints("output_padding") ?? new int[axes], 0);
        int[] pads = node.Ints("pads") ?? new int[2 * axes];
        int[] before = Widen(pads[..axes], 0), after = Widen(pads[axes..], 0);
        int[] input = Widen([.. x.Shape.Skip(2)], 1);
        int[]? output = node.Ints("output_shape") is { } given ? Widen(given[^axes..], 1)
            : node.Text("auto_pad") is "SAME_UPPER" or "SAME_LOWER" ? [.. input.Select((extent, i) => extent * stride[i])]
            : null;
        for (int i = 0; output is not null && i < 2; i++)
        {
            int total = stride[i] * (input[i] - 1) + extra[i] + dilation[i] * (kernel[i] - 1) + 1 - output[i];
            // An output larger than the windows reach has rows that no window touches, at its end.
            extra[i] += Math.Max(-total, 0);
            total = Math.Max(total, 0);
            before[i] = node.Text("auto_pad") == "SAME_UPPER" ? total / 2 : total - total / 2;
            after[i] = total - before[i];
        }

        var geometry = new ConvGeometry(stride[0], stride[1], before[0], before[1], after[0], after[1], dilation[0], dilation[1], node.Int("group", 1));
        var op = new ConvTranspose2dOp(geometry, extra[0], extra[1]);
        return OnPlanes(x, plane => node.Optional(2) is { } bias
            ? OpDispatcher.Run(op, plane, AsPlane(weight), bias)
            : OpDispatcher.Run(op, plane, AsPlane(weight)));
    }

    private static Tensor[] MaxPool(OnnxNode node)
    {
        var x = node.Input(0);
        var outputs = OnPlanes(x, plane => OpDispatcher.Run(new MaxPool2dOp(PoolOf(node, x.Shape)), plane));
        if (node.OutputCount == 1)
            return outputs[..1];
        // The engine counts within a plane, the standard through the whole tensor.
        var shape = outputs[1].Shape;
        var indices = outputs[1].ToDoubles();
        int planeIn = x.Shape.Product(2, x.Shape.Rank), planeOut = shape.Product(2, shape.Rank);
        for (int i = 0; i < indices.Length; i++)
            indices[i] += (double)(i / planeOut) * planeIn;
        return [outputs[0], Tensor.FromDoubles(indices, new TensorSpec(shape, DType.I64), node.Device)];
    }

    private static Tensor[] AveragePool(OnnxNode node)
    {
        var x = node.Input(0);
        return OnPlanes(x, plane => [plane.AvgPool2d(PoolOf(node, x.Shape), node.Int("count_include_pad") == 1)]);
    }

    private static PoolGeometry PoolOf(OnnxNode node, Shape x)
    {
        var window = Window.Of(node, x, node.Ints("kernel_shape")!);
        return new PoolGeometry(
            window.Kernel[0], window.Kernel[1], window.Stride[0], window.Stride[1], window.Before[0], window.Before[1], window.After[0], window.After[1],
            window.Dilation[0], window.Dilation[1], node.Int("ceil_mode") == 1);
    }

    private static Tensor[] BatchNormalization(OnnxNode node)
    {
        double epsilon = node.Number("epsilon", 1e-5);
        var (x, weight, bias, mean, variance) = (node.Input(0), node.Input(1), node.Input(2), node.Input(3), node.Input(4));
        if (node.Int("training_mode") == 0)
            return [x.BatchNormInference(weight, bias, mean, variance, epsilon)];
        var outputs = OpDispatcher.Run(new BatchNormTrainOp(epsilon), x, weight, bias);
        // The standard keeps the biased variance, and its momentum is the share of the old value.
        double share = 1 - node.Number("momentum", 0.9);
        OpDispatcher.Run(new AssignLerpOp(share), mean, outputs[1]);
        OpDispatcher.Run(new AssignLerpOp(share), variance, outputs[2]);
        return [outputs[0], mean, variance];
    }

    private static Tensor[] Resize(OnnxNode node)
    {
        var x = node.Input(0);
        var shape = x.Shape;
        var scales = node.Optional(2) is { } given && given.Shape.ElementCount == 4 ? given.ToDoubles() : null;
        int[] sizes = node.InputInts(3) ?? [.. Enumerable.Range(0, 4).Select(i => (int)Math.Floor(shape[i] * scales![i]))];
        if (sizes[0] != shape[0] || sizes[1] != shape[1])
            throw new InvalidDataException("Resize: batch or channels are resized");
        var mode = node.Text("mode") == "linear" ? InterpolationMode.Bilinear : InterpolationMode.Nearest;
        bool align = node.Text("coordinate_transformation_mode") == "align_corners";
        var op = new InterpolateOp(mode, sizes[2], sizes[3], align, scales?[2] ?? 0, scales?[3] ?? 0);
        return OpDispatcher.Run(op, x);
    }

    private static Tensor[] OnPlanes(Tensor x, Func<Tensor, Tensor[]> compute) => x.Shape.Rank == 4
        ? compute(x)
        : Array.ConvertAll(compute(AsPlane(x)), y => y.Squeeze(2));

    private static Tensor AsPlane(Tensor x) => x.Shape.Rank == 4 ? x : x.Unsqueeze(2);

    private static int[] Widen(int[] values, int first) => values.Length == 2 ? values : [first, .. values];

    private static int[] Ones(int count) => [.. Enumerable.Repeat(1, count)];

    /// <summary>Kernel, stride, dilation and padding of a node, per axis of the plane.</summary>
    private sealed record Window(int[] Kernel, int[] Stride, int[] Dilation, int[] Before, int[] After)
    {
        public static Window Of(OnnxNode node, Shape x, int[] kernel)
        {
            int axes = kernel.Length;
            int[] stride = node.Ints("strides") ?? Ones(axes), dilation = node.Ints("dilations") ?? Ones(axes);
            int[] pads = node.Ints("pads") ?? new int[2 * axes];
            int[] before = pads[..axes], after = pads[axes..];
            string? same = node.Text("auto_pad");
            for (int i = 0; same is "SAME_UPPER" or "SAME_LOWER" && i < axes; i++)
            {
                int output = (x[i + 2] + stride[i] - 1) / stride[i];
                int total = Math.Max((output - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1 - x[i + 2], 0);
                before[i] = same == "SAME_UPPER" ? total / 2 : total - total / 2;
                after[i] = total - before[i];
            }

            return new Window(Widen(kernel, 1), Widen(stride, 1), Widen(dilation, 1), Widen(before, 0), Widen(after, 0));
        }
    }
}
