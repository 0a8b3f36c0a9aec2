using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <content>Convolution, pooling, normalisation, interpolation and losses.</content>
internal static partial class TorchFunctions
{
    /// <summary>PyTorch's image functions also take one picture without the batch axis.</summary>
    private static Tensor[] OnBatch(Tensor x, int axes, Func<Tensor, Tensor[]> function) => x.Shape.Rank == axes
        ? function(x)
        : Array.ConvertAll(function(x.Unsqueeze(0)), y => y.Squeeze(0));

    private static Tensor[] Conv2d(TorchCall call)
    {
        var weight = call.TensorAt(1, "weight");
        var stride = call.Pair(3, "stride", 1);
        var dilation = call.Pair(5, "dilation", 1);
        int groups = call.Int(6, "groups", 1);
        ConvGeometry geometry;
        if (call.Text(4, "padding") == "same")
        {
            geometry = ConvGeometry.Same(weight.Shape[2], weight.Shape[3], 1, groups);
            int h = dilation.H * (weight.Shape[2] - 1), w = dilation.W * (weight.Shape[3] - 1);
            geometry = new ConvGeometry(1, 1, h / 2, w / 2, h - h / 2, w - w / 2, dilation.H, dilation.W, groups);
        }
        else
        {
            var padding = call.Text(4, "padding") == "valid" ? (H: 0, W: 0) : call.Pair(4, "padding", 0);
            geometry = new ConvGeometry(stride.H, stride.W, padding.H, padding.W, padding.H, padding.W, dilation.H, dilation.W, groups);
        }

        return OnBatch(call.Input, 4, x => [x.Conv2d(weight, call.OptionalTensor(2, "bias"), geometry)]);
    }

    private static Tensor[] ConvTranspose2d(TorchCall call)
    {
        var stride = call.Pair(3, "stride", 1);
        var padding = call.Pair(4, "padding", 0);
        var extra = call.Pair(5, "output_padding", 0);
        var dilation = call.Pair(7, "dilation", 1);
        var geometry = new ConvGeometry(stride.H, stride.W, padding.H, padding.W, padding.H, padding.W, dilation.H, dilation.W, call.Int(6, "groups", 1));
        var op = new ConvTranspose2dOp(geometry, extra.H, extra.W);
        var weight = call.TensorAt(1, "weight");
        return OnBatch(call.Input, 4, x => call.OptionalTensor(2, "bias") is { } bias ? OpDispatcher.Run(op, x, weight, bias) : OpDispatcher.Run(op, x, weight));
    }

    private static Tensor[] MaxPool2d(TorchCall call)
    {
        var kernel = call.Pair(1, "kernel_size", 1);
        var stride = PairOr(call, 2, "stride", kernel);
        var padding = call.Pair(3, "padding", 0);
        var dilation = call.Pair(4, "dilation", 1);
        var geometry = new PoolGeometry(kernel.H, kernel.W, stride.H, stride.W, padding.H, padding.W, padding.H, padding.W, dilation.H, dilation.W, call.Flag(5, "ceil_mode"));
        var outputs = OnBatch(call.Input, 4, x => OpDispatcher.Run(new MaxPool2dOp(geometry), x));
        return call.Flag(6, "return_indices") ? outputs : outputs[..1];
    }

    private static Tensor[] AvgPool2d(TorchCall call)
    {
        var kernel = call.Pair(1, "kernel_size", 1);
        var stride = PairOr(call, 2, "stride", kernel);
        var padding = call.Pair(3, "padding", 0);
        var geometry = new PoolGeometry(kernel.H, kernel.W, stride.H, stride.W, padding.H, padding.W, padding.H, padding.W, 1, 1, call.Flag(4, "ceil_mode"));
        return OnBatch(call.Input, 4, x => [x.AvgPool2d(geometry, call.Flag(5, "count_include_pad", true), call.Int(6, "divisor_override"))]);
    }

    private static Tensor[] AdaptiveAvgPool2d(TorchCall call)
    {
        var shape = call.Input.Shape;
        int height = shape[-2], width = shape[-1];
        if (call.Find(1, "output_size") is object?[] sizes)
        {
            height = sizes[0] is double h ? (int)h : height;
            width = sizes[1] is double w ? (int)w : width;
        }
        else
            height = width = call.Int(1, "output_size");

        return OnBatch(call.Input, 4, x => [x.AdaptiveAvgPool2d(height, width)]);
    }

    private static Tensor[] BatchNorm(TorchCall call)
    {
        int channels = call.Input.Shape[1];
        var like = call.Input;
        var weight = call.OptionalTensor(3, "weight") ?? Tensor.Ones([channels], like.DType, like.Device);
        var bias = call.OptionalTensor(4, "bias") ?? Tensor.Zeros([channels], like.DType, like.Device);
        double epsilon = call.Number(7, "eps", 1e-5);
        var (mean, variance) = (call.OptionalTensor(1, "running_mean"), call.OptionalTensor(2, "running_var"));
        if (!call.Flag(5, "training"))
        {
            var y = call.Input.BatchNormInference(weight, bias, mean!, variance!, epsilon);
            return [y, mean!, variance!];
        }

        var outputs = OpDispatcher.Run(new BatchNormTrainOp(epsilon), call.Input, weight, bias);
        if (mean is null || variance is null)
            return outputs[..1];
        using (GradMode.Off())
        {
            double momentum = call.Number(6, "momentum", 0.1);
            double count = (double)like.Shape.ElementCount / channels;
            OpDispatcher.Run(new AssignLerpOp(momentum), mean, outputs[1].Detach());
            OpDispatcher.Run(new AssignLerpOp(momentum), variance, outputs[2].Detach() * (count / (count - 1)));
        }

        return [outputs[0], mean, variance];
    }

    private static Tensor[] CrossEntropy(TorchCall call) => [call.Input.CrossEntropy(
        call.TensorAt(1, "target"), call.OptionalTensor(2, "weight"), call.Number(7, "label_smoothing", 0), ReductionOf(call, 6), call.Int(4, "ignore_index", -100))];

    private static Tensor[] NllLoss(TorchCall call) => [call.Input.NllLoss(
        call.TensorAt(1, "target"), call.OptionalTensor(2, "weight"), ReductionOf(call, 6), call.Int(4, "ignore_index", -100))];

    private static Reduction ReductionOf(TorchCall call, int position) => call.Text(position, "reduction") switch
    {
        "none" => Reduction.None,
        "sum" => Reduction.Sum,
        _ => Reduction.Mean,
    };

    private static (int H, int W) PairOr(TorchCall call, int position, string name, (int H, int W) otherwise) =>
        call.Ints(position, name) is { Length: > 0 } ? call.Pair(position, name, 0) : otherwise;

    /// <summary>Lines and volumes are resampled as planes, first the last two axes and then the one before them: the rules work axis by axis.</summary>
    private static Tensor[] Interpolate(TorchCall call)
    {
        string mode = call.Text(3, "mode") ?? "nearest";
        bool align = call.Flag(4, "align_corners");
        var shape = call.Input.Shape;
        int axes = shape.Rank - 2;
        var sizes = new int[axes];
        var scales = new double[axes];
        for (int i = 0; i < axes; i++)
        {
            if (call.Ints(1, "size") is { } given)
                sizes[i] = given.Length == 1 ? given[0] : given[i];
            else
            {
                scales[i] = call.Find(2, "scale_factor") is object?[] factors ? (double)factors[i]! : call.Number(2, "scale_factor", 1);
                sizes[i] = (int)Math.Floor(shape[i + 2] * scales[i]);
            }
        }

        return axes switch
        {
            1 => [Plane(call.Input.Unsqueeze(2), 1, sizes[0], 0, scales[0]).Squeeze(2)],
            2 => [Plane(call.Input, sizes[0], sizes[1], scales[0], scales[1])],
            _ => [Volume()],
        };

        Tensor Plane(Tensor x, int height, int width, double scaleHeight, double scaleWidth) => mode == "area"
            ? x.AdaptiveAvgPool2d(height, width)
            : OpDispatcher.Run(new InterpolateOp(
                mode == "nearest" ? InterpolationMode.Nearest : InterpolationMode.Bilinear, height, width, align, scaleHeight, scaleWidth), x)[0];

        Tensor Volume()
        {
            int n = shape[0], c = shape[1], d = shape[2];
            var planes = Plane(call.Input.Reshape([n, c * d, shape[3], shape[4]]), sizes[1], sizes[2], scales[1], scales[2]);
            var columns = Plane(planes.Reshape([n, c, d, sizes[1] * sizes[2]]), sizes[0], sizes[1] * sizes[2], scales[0], 0);
            return columns.Reshape([n, c, sizes[0], sizes[1], sizes[2]]);
        }
    }
}
