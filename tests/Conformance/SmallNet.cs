using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>A net of operators alone that learns four pictures by heart: convolution, batch norm, pooling, split attention, a linear layer.</summary>
internal sealed class SmallNet : IDisposable
{
    private const int Radix = 2;
    private const int Width = 4;

    private static readonly ConvGeometry Padded = ConvGeometry.Of(padding: 1);

    private readonly List<Tensor> _parameters = [];
    private readonly List<Tensor> _momenta = [];
    private readonly Tensor _images;
    private readonly Tensor _labels;
    private readonly Tensor _runningMean;

    public SmallNet(Device device)
    {
        var generator = new Generator(7);
        _images = Make([4, 3, 8, 8], 1);
        _labels = Tensor.FromArray<long>([0, 1, 2, 1], [4], device);
        _runningMean = Tensor.Zeros([Radix * Width], DType.F32, device);
        Parameter([Radix * Width, 3, 3, 3], 0.3);
        Parameter([Radix * Width], 1);
        Parameter([Radix * Width], 0.1);
        Parameter([Radix * Width, Width, 1, 1], 0.5);
        Parameter([3, Width], 0.5);
        Parameter([3], 0.1);

        Tensor Make(Shape shape, double scale)
        {
            var values = new double[shape.ElementCount];
            for (int i = 0; i < values.Length; i++)
                values[i] = scale * generator.NextNormal();
            return Tensor.FromDoubles(values, new TensorSpec(shape, DType.F32), device);
        }

        void Parameter(Shape shape, double scale)
        {
            var parameter = Make(shape, scale);
            parameter.RequiresGrad = true;
            _parameters.Add(parameter);
            _momenta.Add(Tensor.Zeros(shape, DType.F32, device));
        }
    }

    /// <summary>One training step; returns the loss.</summary>
    public double Step(bool failInBackward = false)
    {
        using var scope = new TensorScope();
        var convolved = _images.Conv2d(_parameters[0], Padded);
        var (normalized, mean, _) = convolved.BatchNormTrain(_parameters[1], _parameters[2]);
        var features = normalized.Relu().MaxPool2d(PoolGeometry.Of(2));
        var attention = features.RadixSumGlobalAvgPool(Radix).Conv2d(_parameters[3], ConvGeometry.Of()).RadixSoftmax(Radix, 1);
        var attended = features.AttentionWeightedSum(attention, Radix);
        if (failInBackward)
            attended = OpDispatcher.Run(new FailingBackwardOp(), attended)[0];
        var loss = attended.GlobalAvgPool().Linear(_parameters[4], _parameters[5]).CrossEntropy(_labels);
        try
        {
            loss.Backward();
            using (GradMode.Off())
            {
                _runningMean.AssignLerp(mean.Detach(), 0.1);
                for (int i = 0; i < _parameters.Count; i++)
                    _parameters[i].SgdStep(_momenta[i], _parameters[i].Grad!, new SgdStepOp(0.1, 0.9, 1e-4, Nesterov: false));
            }
        }
        finally
        {
            foreach (var parameter in _parameters)
                parameter.ClearGrad();
        }

        return loss.Item();
    }

    public void Dispose()
    {
        foreach (var tensor in (IEnumerable<Tensor>)[_images, _labels, _runningMean, .. _parameters, .. _momenta])
            tensor.Dispose();
    }
}
