namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>What the corpora do not show of the losses: the two forms of smoothing, what ignored and impossible classes do, gradients.</summary>
[TestFixture("cpu")]
[TestFixture("reference")]
public sealed class CrossEntropyTests(string device)
{
    private const int Samples = 6, Classes = 5;

    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void LabelSmoothing_BothForms_Agree([Values] bool weighted, [Values(Reduction.Sum, Reduction.Mean)] Reduction reduction)
    {
        using var scope = new TensorScope();
        var (logits, labels) = (Logits(), Labels(0, 1, 2, 3, 4, 1));
        var weights = weighted ? Weights() : null;
        const double smoothing = 0.2;
        double mixed = logits.CrossEntropy(labels, weights, smoothing, reduction).Item();

        // (1 - s) of the plain loss and s of the mean loss against every class, with the same divisor.
        double plain = logits.CrossEntropy(labels, weights, 0, reduction).Item();
        var all = logits.LogSoftmax(1) * (weights is null ? Tensor.Ones([Classes], DType.F32, device) : weights);
        double divisor = reduction == Reduction.Sum ? 1
            : weights is null ? Samples : labels.ToArray<long>().Sum(label => weights.ToDoubles()[label]);
        double even = -all.Sum().Item() / Classes / divisor;
        Assert.That(mixed, Is.EqualTo((1 - smoothing) * plain + smoothing * even).Within(1e-5));

        if (weighted && reduction == Reduction.Mean)
            return;
        // The other form: the smoothed distribution as the target.
        var soft = labels.OneHot(Classes) * (1 - smoothing) + smoothing / Classes;
        Assert.That(logits.CrossEntropy(soft, weights, 0, reduction).Item(), Is.EqualTo(mixed).Within(1e-5));
    }

    [Test]
    public void IgnoredSamples_ChangeNothing([Values(0, 0.1)] double smoothing, [Values] bool weighted, [Values(-100, 3)] int ignored)
    {
        using var scope = new TensorScope();
        var weights = weighted ? Weights() : null;
        double some = Logits().CrossEntropy(Labels(0, ignored, 2, 4, ignored, 1), weights, smoothing, Reduction.Mean, ignored).Item();
        var kept = Logits().ToDoubles().Where((_, i) => i / Classes is not (1 or 4)).ToArray();
        double expected = Tensor.FromDoubles(kept, new TensorSpec([4, Classes], DType.F32), device)
            .CrossEntropy(Labels(0, 2, 4, 1), weights, smoothing).Item();
        Assert.That(some, Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void EverySampleIgnored_MeanIsNaNAndSumIsZero()
    {
        using var scope = new TensorScope();
        var labels = Labels(-100, -100, -100, -100, -100, -100);
        Assert.That(Logits().CrossEntropy(labels).Item(), Is.NaN);
        Assert.That(Logits().CrossEntropy(labels, reduction: Reduction.Sum).Item(), Is.Zero);
    }

    [Test]
    public void ImpossibleClassNotAskedFor_CostsNothing()
    {
        using var scope = new TensorScope();
        var logits = Tensor.FromArray(new[] { 0f, float.NegativeInfinity, 0f }, [1, 3], device);
        logits.RequiresGrad = true;
        var loss = logits.CrossEntropy(Labels(2));
        loss.Backward();
        Assert.That(loss.Item(), Is.EqualTo(Math.Log(2)).Within(1e-6));
        Assert.That(logits.Grad!.ToDoubles(), Is.EqualTo(new[] { 0.5, 0, -0.5 }).Within(1e-6));
        Assert.That(logits.Detach().CrossEntropy(Labels(1)).Item(), Is.EqualTo(double.PositiveInfinity));
    }

    [Test]
    public void HugeLogits_GiveTheDifferenceAsLoss()
    {
        using var scope = new TensorScope();
        var logits = Tensor.FromArray(new[] { 1e4f, -1e4f }, [1, 2], device);
        Assert.That(logits.CrossEntropy(Labels(0)).Item(), Is.Zero);
        Assert.That(logits.CrossEntropy(Labels(1)).Item(), Is.EqualTo(2e4));
    }

    [Test]
    public void Gradient_IsTheSoftmaxMinusTheTarget([Values(0, 0.1)] double smoothing)
    {
        using var scope = new TensorScope();
        var logits = Logits();
        logits.RequiresGrad = true;
        var labels = Labels(0, 1, 2, 3, 4, 1);
        logits.CrossEntropy(labels, labelSmoothing: smoothing).Backward();
        using var off = GradMode.Off();
        var target = labels.OneHot(Classes) * (1 - smoothing) + smoothing / Classes;
        Assert.That(logits.Grad!.ToDoubles(), Is.EqualTo(((logits.Softmax(1) - target) * (1.0 / Samples)).ToDoubles()).Within(1e-6));
    }

    [Test]
    public void ProbabilitiesOfOneClass_EqualTheIndex()
    {
        using var scope = new TensorScope();
        var labels = Labels(4, 3, 2, 1, 0, 0);
        Assert.That(Logits().CrossEntropy(labels.OneHot(Classes)).Item(), Is.EqualTo(Logits().CrossEntropy(labels).Item()).Within(1e-6));
    }

    [Test]
    public void NllLossOfLogSoftmax_IsCrossEntropy([Values] bool weighted)
    {
        using var scope = new TensorScope();
        var (labels, weights) = (Labels(4, 3, 2, 1, 0, -100), weighted ? Weights() : null);
        Assert.That(Logits().LogSoftmax(1).NllLoss(labels, weights).Item(), Is.EqualTo(Logits().CrossEntropy(labels, weights).Item()).Within(1e-6));
    }

    [Test]
    public void WrongShapes_NameTheOperatorAndEveryShape()
    {
        using var scope = new TensorScope();
        Assert.Multiple(() =>
        {
            Expect(() => Logits().CrossEntropy(Labels(1, 2)), "cross_entropy: class indices must be [6]", "I64[2]");
            Expect(() => Logits().CrossEntropy(Tensor.Zeros([6, 4], DType.F32, device)), "cross_entropy: target probabilities must be [6,5]", "F32[6,4]");
            Expect(() => Logits().CrossEntropy(Tensor.Zeros([6], DType.I32, device)), "cross_entropy: targets must be class indices of I64 or probabilities of F32, got I32", "I32[6]");
            Expect(() => Logits().CrossEntropy(Labels(1, 1, 1, 1, 1, 1), Tensor.Ones([4], DType.F32, device)), "cross_entropy: class weights must be F32[5]", "F32[4]");
            Expect(() => Logits().CrossEntropy(Labels(1, 1, 1, 1, 1, 1), labelSmoothing: 1.5), "cross_entropy: label smoothing 1.5", "F32[6,5]");
            Expect(() => Logits().NllLoss(Tensor.Zeros([6, 5], DType.F32, device)), "nll_loss: targets must be class indices of I64, got F32", "F32[6,5]");
        });

        void Expect(Func<Tensor> code, string start, string shape) =>
            Assert.That(code, Throws.TypeOf<ShapeException>().With.Message.StartsWith(start).And.Message.Contains(shape));
    }

    private Tensor Logits()
    {
        var generator = new Generator(3);
        return Tensor.FromArray(Enumerable.Range(0, Samples * Classes).Select(_ => (float)(3 * generator.NextNormal())).ToArray(), [Samples, Classes], device);
    }

    private Tensor Labels(params long[] labels) => Tensor.FromArray(labels, [labels.Length], device);

    private Tensor Weights() => Tensor.FromArray(new[] { 0.5f, 2, 1, 0.25f, 3 }, [Classes], device);
}
