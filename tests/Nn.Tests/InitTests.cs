using ResNeSt.Tensors;

namespace ResNeSt.Nn.Tests;

/// <summary>Ranges and deviations of the initialisers.</summary>
[TestFixture]
public sealed class InitTests
{
    private static readonly Shape Weight = [64, 16, 3, 3];

    [Test]
    public void KaimingNormalFanOut_DeviationFromOutputsTimesTaps() => Assert.That(Deviation(Init.KaimingNormalFanOut), Is.EqualTo(Math.Sqrt(2.0 / (64 * 9))).Within(2).Percent);

    [Test]
    public void KaimingNormalFanIn_DeviationFromInputsTimesTaps() => Assert.That(Deviation(Init.KaimingNormalFanIn), Is.EqualTo(Math.Sqrt(2.0 / (16 * 9))).Within(2).Percent);

    [Test]
    public void Normal_DeviationAsAsked() => Assert.That(Deviation(Init.Normal(0.01)), Is.EqualTo(0.01).Within(2).Percent);

    [Test]
    public void UniformFanIn_FillsItsBounds()
    {
        var values = Values(Init.UniformFanIn, Weight);
        Assert.That(values.Max(), Is.EqualTo(1.0 / 12).Within(1).Percent.And.LessThanOrEqualTo(1.0 / 12));
        Assert.That(values.Min(), Is.EqualTo(-1.0 / 12).Within(1).Percent.And.GreaterThanOrEqualTo(-1.0 / 12));
        Assert.That(values.Average(), Is.Zero.Within(2e-3));
    }

    [Test]
    public void LayerDefaults_AreThoseOfPyTorch()
    {
        var conv = new Conv2d(16, 64, 3, groups: 2);
        Assert.That(Values(conv.Weight.Initializer, conv.Weight.Shape).Max(), Is.EqualTo(1 / Math.Sqrt(8 * 9)).Within(1).Percent);
        Assert.That(Values(conv.Bias!.Initializer, [10000]).Max(), Is.EqualTo(1 / Math.Sqrt(8 * 9)).Within(1).Percent);
        var linear = new Linear(25, 400);
        Assert.That(Values(linear.Weight.Initializer, linear.Weight.Shape).Max(), Is.EqualTo(0.2).Within(1).Percent);
        Assert.That(Values(linear.Bias!.Initializer, [10000]).Max(), Is.EqualTo(0.2).Within(1).Percent);
        var norm = new BatchNorm2d(4);
        Assert.That(norm.NamedState().Select(entry => Values(entry.State.Initializer, entry.State.Shape).Distinct().Single()), Is.EqualTo(new[] { 1.0, 0, 0, 1, 0 }));
    }

    [Test]
    public void Initializer_ReplacedBeforeMaterialize_IsUsed()
    {
        using var norm = new BatchNorm2d(2);
        norm.Weight.Initializer = Init.Zeros;
        norm.Materialize(Device.Reference, DType.F64, new Generator(1));
        Assert.That(norm.Weight.Value.ToDoubles(), Has.All.Zero);
    }

    private static double[] Values(Initializer initializer, Shape shape)
    {
        var values = new double[shape.ElementCount];
        initializer(values, shape, new Generator(11));
        return values;
    }

    private static double Deviation(Initializer initializer) => Math.Sqrt(Values(initializer, Weight).Average(v => v * v));
}
