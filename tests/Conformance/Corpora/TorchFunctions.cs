using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>PyTorch's functions written in operators of the engine, by their PyTorch names: arithmetic, reductions, movement.</summary>
internal static partial class TorchFunctions
{
    /// <summary>Every function that the runner knows. A function returns its outputs and may append buffers that it updated.</summary>
    public static IReadOnlyDictionary<string, Func<TorchCall, Tensor[]>> All { get; } = new Dictionary<string, Func<TorchCall, Tensor[]>>
    {
        ["abs"] = call => [call.Input.Abs()],
        ["add"] = call => [call.Input + call.TensorAt(1, "other") * call.Number(2, "alpha", 1)],
        ["addmm"] = call => [call.Input * call.Number(3, "beta", 1) + call.TensorAt(1, "mat1").MatMul(call.TensorAt(2, "mat2")) * call.Number(4, "alpha", 1)],
        ["amax"] = call => [Reduce(call, (x, axes, keep) => x.Max(axes, keep))],
        ["amin"] = call => [Reduce(call, (x, axes, keep) => x.Min(axes, keep))],
        ["bmm"] = call => [call.Input.MatMul(call.TensorAt(1, "mat2"))],
        ["cat"] = call => [Tensor.Concat(call.Inputs[0].Shape.NormalizeAxis(call.Int(1, "dim"), "cat"), call.Inputs)],
        ["chunk"] = call => call.Input.Chunk(call.Int(1, "chunks"), call.Int(2, "dim")),
        ["clamp"] = Clamp,
        ["div"] = Divide,
        ["exp"] = call => [call.Input.Exp()],
        ["floor"] = call => [call.Input.Floor()],
        ["log"] = call => [call.Input.Log()],
        ["log_softmax"] = call => [call.Input.LogSoftmax(call.Int(1, "dim"))],
        ["matmul"] = call => [call.Input.MatMul(call.TensorAt(1, "other"))],
        ["maximum"] = call => [call.Input.Maximum(call.TensorAt(1, "other"))],
        ["mean"] = call => [Reduce(call, (x, axes, keep) => x.Mean(axes, keep))],
        ["minimum"] = call => [call.Input.Minimum(call.TensorAt(1, "other"))],
        ["mm"] = call => [call.Input.MatMul(call.TensorAt(1, "mat2"))],
        ["mul"] = call => [call.Input * call.TensorAt(1, "other")],
        ["neg"] = call => [-call.Input],
        ["nn.functional.adaptive_avg_pool2d"] = AdaptiveAvgPool2d,
        ["nn.functional.avg_pool2d"] = AvgPool2d,
        ["nn.functional.batch_norm"] = BatchNorm,
        ["nn.functional.conv2d"] = Conv2d,
        ["nn.functional.conv_transpose2d"] = ConvTranspose2d,
        ["nn.functional.cross_entropy"] = CrossEntropy,
        ["nn.functional.group_norm"] = call => [call.Input.GroupNorm(
            call.Int(1, "num_groups"), call.OptionalTensor(2, "weight"), call.OptionalTensor(3, "bias"), call.Number(4, "eps", 1e-5))],
        ["nn.functional.interpolate"] = Interpolate,
        ["nn.functional.layer_norm"] = call => [call.Input.LayerNorm(
            call.Ints(1, "normalized_shape")!.Length, call.OptionalTensor(2, "weight"), call.OptionalTensor(3, "bias"), call.Number(4, "eps", 1e-5))],
        ["nn.functional.leaky_relu"] = call => [call.Input.LeakyRelu(call.Number(1, "negative_slope", 0.01))],
        ["nn.functional.linear"] = call => [call.Input.Linear(call.TensorAt(1, "weight"), call.OptionalTensor(2, "bias"))],
        ["nn.functional.max_pool2d"] = MaxPool2d,
        ["nn.functional.nll_loss"] = NllLoss,
        ["nn.functional.pad"] = Pad,
        ["nn.functional.relu"] = call => [call.Input.Relu()],
        ["nn.functional.relu6"] = call => [call.Input.Relu6()],
        ["nn.functional.silu"] = call => [call.Input.Silu()],
        ["permute"] = Permute,
        ["reciprocal"] = call => [call.Input.Reciprocal()],
        ["rsqrt"] = call => [call.Input.Rsqrt()],
        ["sigmoid"] = call => [call.Input.Sigmoid()],
        ["sign"] = call => [call.Input.Sign()],
        ["softmax"] = call => [call.Input.Softmax(call.Int(1, "dim"))],
        ["split"] = Split,
        ["sqrt"] = call => [call.Input.Sqrt()],
        ["square"] = call => [call.Input.Square()],
        ["std"] = call => [Variance(call).Sqrt()],
        ["sub"] = call => [call.Input - call.TensorAt(1, "other") * call.Number(2, "alpha", 1)],
        ["sum"] = call => [Reduce(call, (x, axes, keep) => x.Sum(axes, keep))],
        ["tanh"] = call => [call.Input.Tanh()],
        ["transpose"] = call => [Transpose(call.Input, call.Int(1, "dim0"), call.Int(2, "dim1"))],
        ["var"] = call => [Variance(call)],
    };

    private static Tensor[] Clamp(TorchCall call) => call.Find(1, "min") is double || call.Find(2, "max") is double
        ? [call.Input.Clamp(call.Number(1, "min", double.NegativeInfinity), call.Number(2, "max", double.PositiveInfinity))]
        : [call.Input.Clamp(call.OptionalTensor(1, "min"), call.OptionalTensor(2, "max"))];

    private static Tensor[] Divide(TorchCall call)
    {
        var quotient = call.Input / call.TensorAt(1, "other");
        return call.Text(2, "rounding_mode") switch
        {
            "floor" => [quotient.Floor()],
            "trunc" => [quotient.Sign() * quotient.Abs().Floor()],
            _ => [quotient],
        };
    }

    /// <summary>Axes of a reduction: none given means all, as does an empty list.</summary>
    private static Axes AxesOf(TorchCall call)
    {
        int rank = call.Input.Shape.Rank;
        // A scalar may be reduced over "axis 0", which it does not have.
        if (rank == 0 || call.Ints(1, "dim") is not { Length: > 0 } dims)
            return Axes.All(rank);
        return Axes.Of(Array.ConvertAll(dims, dim => call.Input.Shape.NormalizeAxis(dim, "dim")));
    }

    private static Tensor Reduce(TorchCall call, Func<Tensor, Axes, bool, Tensor> reduce) => reduce(call.Input, AxesOf(call), call.Flag(2, "keepdim"));

    private static Tensor Variance(TorchCall call)
    {
        // var(x, unbiased) and var(x, dim, unbiased or correction, keepdim) share their positions.
        bool unbiased = call.Find(1, "unbiased") is bool first ? first : call.Flag(2, "unbiased", true);
        double correction = call.Number(-1, "correction", unbiased ? 1 : 0);
        return call.Input.Variance(AxesOf(call), call.Flag(3, "keepdim"), correction);
    }

    private static Tensor[] Permute(TorchCall call)
    {
        int[] dims = Array.ConvertAll(call.Ints(1, "dims") ?? [], dim => call.Input.Shape.NormalizeAxis(dim, "permute"));
        return [call.Input.Permute(Permutation.Of(dims))];
    }

    private static Tensor Transpose(Tensor x, int first, int second) =>
        x.Transpose(x.Shape.NormalizeAxis(first, "transpose"), x.Shape.NormalizeAxis(second, "transpose"));

    private static Tensor[] Split(TorchCall call)
    {
        int axis = call.Input.Shape.NormalizeAxis(call.Int(2, "dim"), "split");
        var lengths = call.Ints(1, "split_size_or_sections")!;
        if (call.Find(1, "split_size_or_sections") is double size)
        {
            int extent = call.Input.Shape[axis];
            var parts = new List<int>();
            for (int start = 0; start < extent; start += (int)size)
                parts.Add(Math.Min((int)size, extent - start));
            lengths = [.. parts];
        }

        return call.Input.Split(axis, lengths);
    }

    private static Tensor[] Pad(TorchCall call)
    {
        var pads = call.Ints(1, "pad")!;
        var mode = call.Text(2, "mode") switch
        {
            "reflect" => PadMode.Reflect,
            "replicate" => PadMode.Replicate,
            "circular" => PadMode.Circular,
            _ => PadMode.Constant,
        };
        var y = call.Input;
        for (int i = 0; i < pads.Length; i += 2)
        {
            int axis = y.Shape.Rank - 1 - i / 2;
            // The other modes copy what is there; negative numbers take away in every mode.
            if (mode != PadMode.Constant && (pads[i] < 0 || pads[i + 1] < 0))
            {
                y = y.Pad(axis, Math.Max(pads[i], 0), Math.Max(pads[i + 1], 0), mode);
                y = y.Pad(axis, Math.Min(pads[i], 0), Math.Min(pads[i + 1], 0));
            }
            else
                y = y.Pad(axis, pads[i], pads[i + 1], mode, call.Number(3, "value", 0));
        }

        return [y];
    }
}
