using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>Optimisers against PyTorch's, what decays, clipping, averaging, schedules.</summary>
public sealed class OptimizerTests
{
    private static readonly JsonElement Known =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(TestData.RepositoryRoot, "tests", "Training.Tests", "Golden", "optimizers.json"))).RootElement;

    private static IEnumerable<string> Names() => Known.GetProperty("cases").EnumerateObject().Select(entry => entry.Name);

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(Names))]
    public void FourSteps_FollowPyTorch(string name)
    {
        foreach (var (device, dtype, tolerance) in new[] { (Device.Reference, DType.F64, 1e-14), (Device.Cpu, DType.F32, 1e-6) })
        {
            using var layer = new Linear(5, 1, bias: false);
            layer.MaterializeEmpty(device, dtype);
            var value = layer.Weight.Value;
            value.AssignRounded(Doubles(Known.GetProperty("start")));
            var parameters = TrainedParameter.Of(layer);
            using Optimizer optimizer = name switch
            {
                "sgd" => new Sgd(parameters, 0.1),
                "sgd momentum" => new Sgd(parameters, 0.1, 0.9, 0.01),
                "sgd nesterov" => new Sgd(parameters, 0.05, 0.8, 1e-3, nesterov: true),
                "adamw" => new AdamW(parameters, 0.01, weightDecay: 0.05),
                "adamw no decay" => new AdamW(parameters, 0.002, 0.8, 0.99, 1e-6, 0),
                _ => throw new InvalidOperationException($"case '{name}' is not known here"),
            };
            int step = 0;
            foreach (var known in Known.GetProperty("cases").GetProperty(name).EnumerateArray())
            {
                SetGradient(value, Doubles(Known.GetProperty("gradients")[step++]));
                optimizer.Step();
                optimizer.ClearGrads();
                Assert.That(value.ToDoubles(), Is.EqualTo(Doubles(known)).Within(tolerance), $"{device}, step {step}");
            }

            Assert.That(optimizer.Steps, Is.EqualTo(4));
        }
    }

    [Test]
    public void DecayScopes_OnAResNeSt_PullOnWhatTheySay()
    {
        using var model = ModelZoo.Find("resnest14").Create();
        Assert.That(Decaying(DecayScope.All), Does.Contain("bn1.weight").And.Contain("fc.bias"));
        Assert.That(Decaying(DecayScope.Weights), Does.Contain("layer1.0.conv2.fc1.weight").And.Contain("fc.weight"));
        Assert.That(Decaying(DecayScope.Weights), Has.No.Member("layer1.0.downsample.2.weight").And.No.Member("conv1.1.weight").And.No.Member("fc.bias").And.No.Member("layer1.0.conv2.fc1.bias"));
        Assert.That(Decaying(DecayScope.Matrices), Is.EqualTo(Decaying(DecayScope.Weights)), "in this network only weights have more than one axis");
        // The port goes by names, and so decays norms that are not called bn.
        Assert.That(Decaying(DecayScope.NamesWithoutNorm), Does.Contain("layer1.0.downsample.2.weight").And.Contain("conv1.1.weight").And.No.Member("bn1.weight"));

        List<string> Decaying(DecayScope scope) => [.. TrainedParameter.Of(model, scope).Where(entry => entry.Decays).Select(entry => entry.Name)];
    }

    [Test]
    public void Clip_OfLongGradients_ShortensThemTogether()
    {
        using var layer = new Linear(2, 1, bias: true);
        layer.MaterializeEmpty(Device.Cpu);
        var parameters = TrainedParameter.Of(layer);
        SetGradient(layer.Weight.Value, [3, 0]);
        SetGradient(parameters[1].Parameter.Value, [4]);
        Assert.That(GradientNorm.Clip(parameters, 10), Is.EqualTo(5).Within(1e-6));
        Assert.That(layer.Weight.Grad!.ToDoubles()[0], Is.EqualTo(3), "short enough already");
        Assert.That(GradientNorm.Clip(parameters, 1), Is.EqualTo(5).Within(1e-6));
        Assert.That(GradientNorm.Measure(parameters), Is.EqualTo(1).Within(1e-5));
        SetGradient(layer.Weight.Value, [double.NaN, 0]);
        Assert.That(GradientNorm.Measure(parameters), Is.NaN);
    }

    [Test]
    public void MovingAverage_OverSteps_FollowsItsFormulaAndSwapsBack()
    {
        using var layer = new Linear(1, 1, bias: false);
        layer.MaterializeEmpty(Device.Cpu);
        layer.Weight.Value.AssignRounded([1.0]);
        using var average = new ExponentialMovingAverage(layer, 0.75);
        double expected = 1;
        foreach (double value in (double[])[2, 5, -3])
        {
            layer.Weight.Value.AssignRounded([value]);
            average.Update();
            expected = 0.75 * expected + 0.25 * value;
        }

        using (average.Use())
            Assert.That(layer.Weight.Value.ToDoubles()[0], Is.EqualTo(expected).Within(1e-6));
        Assert.That(layer.Weight.Value.ToDoubles()[0], Is.EqualTo(-3));
        Assert.That(average.Average["weight"].ToDoubles()[0], Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void ResNeStSchedule_WarmsUpFromZeroAndFallsToZero()
    {
        var schedule = (Recipes.ResNeSt with { BatchSize = 8192 }).ScheduleFor(100);
        Assert.That(schedule.At(0), Is.Zero);
        Assert.That(schedule.At(250), Is.EqualTo(1.6).Within(1e-12), "half of 3.2 in the middle of the warm-up");
        Assert.That(schedule.At(500), Is.EqualTo(3.2).Within(1e-12));
        Assert.That(schedule.At(500 + 26500 / 2), Is.EqualTo(1.6).Within(1e-12));
        Assert.That(schedule.At(27000), Is.Zero.Within(1e-12));
    }

    [Test]
    public void CoTNetSchedule_GoesByEpochsAndCountsFromTheStart()
    {
        var schedule = Recipes.CoTNet.ScheduleFor(10);
        Assert.That(schedule.At(0), Is.EqualTo(1e-4).Within(1e-12));
        Assert.That(schedule.At(9), Is.EqualTo(schedule.At(0)));
        Assert.That(schedule.At(10), Is.EqualTo(1e-4 + (0.25 - 1e-4) / 5).Within(1e-12));
        Assert.That(schedule.At(50), Is.EqualTo(1e-5 + 0.5 * (0.25 - 1e-5) * (1 + Math.Cos(Math.PI * 5 / 350))).Within(1e-12));
        Assert.That(schedule.At(3500), Is.EqualTo(1e-5).Within(1e-12));
    }

    [Test]
    public void StepSchedule_TakesATenthEveryThirtyEpochs()
    {
        var schedule = Recipes.ResNet.ScheduleFor(10);
        Assert.That(schedule.At(299), Is.EqualTo(0.1).Within(1e-12));
        Assert.That(schedule.At(300), Is.EqualTo(0.01).Within(1e-12));
        Assert.That(schedule.At(899), Is.EqualTo(0.001).Within(1e-12));
    }

    /// <summary>A gradient of given values, through the one way there is: the derivative of a product.</summary>
    private static void SetGradient(Tensor value, double[] gradient)
    {
        value.ClearGrad();
        using var scope = new TensorScope();
        (value * Tensor.FromDoubles(gradient, value.Spec, value.Device)).Sum().Backward();
    }

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];
}
