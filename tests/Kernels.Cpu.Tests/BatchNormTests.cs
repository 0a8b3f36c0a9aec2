namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Statistics that rounding would spoil, batches too small for statistics, and the running form.</summary>
[TestFixture("cpu")]
[TestFixture("reference")]
public sealed class BatchNormTests(string device)
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    // [N, C] uses lanes as channels, a plane of 7 scalars, larger ones blocks of vectors; 5000 needs two blocks.
    [TestCase(4096, 1, 1e4, 0.5)]
    [TestCase(300, 1, -1e3, 0.01)]
    [TestCase(64, 7, 1e4, 0.5)]
    [TestCase(8, 196, 1e4, 0.5)]
    [TestCase(2, 5000, 1e3, 0.02)]
    [TestCase(2, 5000, 0, 1)]
    public void Train_LargeMeanSmallDeviation_KeepsItsDigits(int samples, int plane, double mean, double deviation)
    {
        using var scope = new TensorScope();
        const int channels = 19;
        var generator = new Generator(7);
        var values = new float[samples * channels * plane];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(mean + deviation * generator.NextNormal());
        Shape shape = plane == 1 ? [samples, channels] : [samples, channels, plane];
        // The oracle rounds after every step of the definition, so it gets the type it is an oracle in.
        var dtype = device == "reference" ? DType.F64 : DType.F32;
        var x = Tensor.FromDoubles(Array.ConvertAll(values, v => (double)v), new TensorSpec(shape, dtype), device);
        var (weight, bias) = (Tensor.Full(2, [channels], dtype, device), Tensor.Full(-1, [channels], dtype, device));
        var (y, means, variances) = x.BatchNormTrain(weight, bias);
        var (actual, m, v) = (y.ToDoubles(), means.ToDoubles(), variances.ToDoubles());
        for (int c = 0; c < channels; c++)
        {
            var own = Enumerable.Range(0, values.Length).Where(i => i / plane % channels == c).ToArray();
            double expectedMean = own.Average(i => (double)values[i]);
            double expectedVariance = own.Average(i => Math.Pow(values[i] - expectedMean, 2));
            double scale = 2 / Math.Sqrt(expectedVariance + 1e-5);
            Assert.That(Math.Abs(m[c] - expectedMean), Is.LessThanOrEqualTo(1e-7 * Math.Abs(mean) + 1e-7));
            Assert.That(Math.Abs(v[c] / expectedVariance - 1), Is.LessThanOrEqualTo(1e-5));
            double worst = own.Max(i => Math.Abs(actual[i] - ((values[i] - expectedMean) * scale - 1)));
            Assert.That(worst, Is.LessThanOrEqualTo(3e-5), $"channel {c}");
        }
    }

    [Test]
    public void Train_SamplesOfDifferentMeans_CombinesThemExactly()
    {
        using var scope = new TensorScope();
        // Deviations within a sample are tiny beside those between samples.
        var values = new float[3 * 2 * 100];
        for (int i = 0; i < values.Length; i++)
            values[i] = 100 * (i / 200) + i % 2;
        var (_, mean, variance) = Tensor.FromArray(values, [3, 2, 10, 10], device)
            .BatchNormTrain(Tensor.Ones([2], DType.F32, device), Tensor.Zeros([2], DType.F32, device));
        Assert.That(mean.ToDoubles(), Has.All.EqualTo(100.5).Within(1e-5));
        Assert.That(variance.ToDoubles(), Has.All.EqualTo(20000.0 / 3 + 0.25).Within(1e-3));
    }

    // Lanes as channels, scalars, vectors with a tail.
    [TestCase(1)]
    [TestCase(3)]
    [TestCase(50)]
    public void Train_GradientsOfFewValuesFarFromZero_CancelAsTheyShould(int plane)
    {
        using var scope = new TensorScope();
        const int channels = 19, samples = 2;
        var dtype = device == "reference" ? DType.F64 : DType.F32;
        var generator = new Generator(3);
        double[] values = new double[samples * channels * plane], upstream = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
            (values[i], upstream[i]) = ((float)(100 + 0.05 * generator.NextNormal()), (float)generator.NextNormal());
        Shape shape = plane == 1 ? [samples, channels] : [samples, channels, plane];
        var x = Tensor.FromDoubles(values, new TensorSpec(shape, dtype), device);
        x.RequiresGrad = true;
        x.BatchNormTrain(Tensor.Ones([channels], dtype, device), Tensor.Zeros([channels], dtype, device)).Output
            .Backward(Tensor.FromDoubles(upstream, new TensorSpec(shape, dtype), device));
        var actual = x.Grad!.ToDoubles();
        for (int c = 0; c < channels; c++)
        {
            var own = Enumerable.Range(0, values.Length).Where(i => i / plane % channels == c).ToArray();
            double mean = own.Average(i => values[i]);
            double inverse = 1 / Math.Sqrt(own.Average(i => Math.Pow(values[i] - mean, 2)) + 1e-5);
            double average = own.Average(i => upstream[i]), along = own.Average(i => upstream[i] * (values[i] - mean) * inverse);
            foreach (int i in own)
            {
                double expected = (upstream[i] - average - (values[i] - mean) * inverse * along) * inverse;
                Assert.That(Math.Abs(actual[i] - expected), Is.LessThanOrEqualTo(1e-6 * inverse), $"channel {c}");
            }

            Assert.That(Math.Abs(own.Sum(i => actual[i])), Is.LessThanOrEqualTo(1e-6 * inverse * Math.Sqrt(own.Length)), $"channel {c}");
        }
    }

    [Test]
    public void Train_HalfPrecision_SquaresBeyondItsRangeStayFinite()
    {
        using var scope = new TensorScope();
        // Deviations of 300: their squares do not fit in F16.
        var x = Tensor.FromDoubles([.. Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? 300.0 : -300)], new TensorSpec([4, 1, 4, 4], DType.F16), device);
        x.RequiresGrad = true;
        var (weight, bias) = (Tensor.Ones([1], DType.F16, device), Tensor.Zeros([1], DType.F16, device));
        var (y, _, _) = x.BatchNormTrain(weight, bias);
        Assert.That(y.ToDoubles().Select(Math.Abs), Has.All.EqualTo(1).Within(1e-3));
        y.Sum().Backward();
        Assert.That(x.Grad!.ToDoubles(), Has.All.EqualTo(0).Within(1e-3));
    }

    [TestCase(1, 1, 1)]
    [TestCase(0, 3, 3)]
    public void Train_TooFewValuesPerChannel_SaysWhatToDo(int samples, int height, int width)
    {
        using var scope = new TensorScope();
        var x = Tensor.Zeros([samples, 32, height, width], DType.F32, device);
        var (weight, bias) = (Tensor.Ones([32], DType.F32, device), Tensor.Zeros([32], DType.F32, device));
        Assert.That(() => x.BatchNormTrain(weight, bias), Throws.TypeOf<ShapeException>()
            .With.Message.StartsWith("batch_norm_train: training needs more than one value per channel")
            .And.Message.Contains("larger batch").And.Message.Contains("FrozenStatistics")
            .And.Message.Contains($"F32[{samples},32,{height},{width}]"));
    }

    [Test]
    public void Inference_LargeMean_SubtractsItFirst()
    {
        using var scope = new TensorScope();
        var mean = Tensor.Full(10000, [3], DType.F32, device);
        var x = Tensor.FromArray(Enumerable.Range(0, 60).Select(i => 10000 + i % 4 * 0.25f).ToArray(), [2, 3, 10], device);
        var y = x.BatchNormInference(Tensor.Ones([3], DType.F32, device), Tensor.Zeros([3], DType.F32, device), mean,
            Tensor.Full(0.0625, [3], DType.F32, device), epsilon: 0).ToDoubles();
        for (int i = 0; i < y.Length; i++)
            Assert.That(y[i], Is.EqualTo(i % 4).Within(1e-6));
    }

    [Test]
    public void Inference_LearnedStatistics_ReceiveGradients()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(3, [2, 1, 2], DType.F32, device);
        var (mean, variance) = (Tensor.Full(1, [1], DType.F32, device), Tensor.Full(4, [1], DType.F32, device));
        mean.RequiresGrad = variance.RequiresGrad = true;
        x.BatchNormInference(Tensor.Ones([1], DType.F32, device), Tensor.Zeros([1], DType.F32, device), mean, variance, epsilon: 0).Sum().Backward();
        // y = (x - μ)/√v: ∂y/∂μ = -1/2 and ∂y/∂v = -(x - μ)/(2·v^1.5) = -1/8, for each of four elements.
        Assert.That(mean.Grad!.Item(), Is.EqualTo(-2).Within(1e-6));
        Assert.That(variance.Grad!.Item(), Is.EqualTo(-0.5).Within(1e-6));
    }

    [Test]
    public void Inference_WrongChannels_StatesEveryShape() =>
        Assert.That(() => OpDispatcher.Run(new BatchNormInferenceOp(1e-5), Zeros(2, 3, 4), Zeros(3), Zeros(3), Zeros(4), Zeros(3)),
            Throws.TypeOf<ShapeException>().With.Message.StartsWith("batch_norm_inference: input has 3 channels")
                .And.Message.Contains("F32[2,3,4]").And.Message.Contains("F32[4]"));

    private Tensor Zeros(params int[] extents) => Tensor.Zeros(Shape.Create(extents), DType.F32, device);
}
