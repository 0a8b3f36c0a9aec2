using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Nn.Tests;

/// <summary>Running statistics and the modes of the batch norm.</summary>
[TestFixture("cpu", DType.F32)]
[TestFixture("reference", DType.F64)]
public sealed class BatchNorm2dTests(string device, DType dtype)
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Training_MovesRunningStatisticsTowardsUnbiasedOnes()
    {
        using var scope = new TensorScope();
        using var norm = Make();
        double mean = 0, variance = 1;
        for (ulong step = 0; step < 3; step++)
        {
            var x = TestNets.Random([2, 1, 2, 2], device, dtype, step);
            norm.Forward(x);
            var values = x.ToDoubles();
            double average = values.Average();
            mean = 0.9 * mean + 0.1 * average;
            variance = 0.9 * variance + 0.1 * values.Sum(v => (v - average) * (v - average)) / 7;
        }

        Assert.That(norm.RunningMean.Value.Item(), Is.EqualTo(mean).Within(1e-6));
        Assert.That(norm.RunningVariance.Value.Item(), Is.EqualTo(variance).Within(1e-6));
        Assert.That(Counter(norm), Is.EqualTo(3));
    }

    [Test]
    public void Training_WithoutMomentum_AveragesAllBatches()
    {
        using var scope = new TensorScope();
        using var norm = Make(momentum: null);
        foreach (double value in new[] { 1.0, 4, 10 })
            norm.Forward(Constant(value));
        Assert.That(norm.RunningMean.Value.Item(), Is.EqualTo(5).Within(1e-6));
        // A state loaded in between is counted on from there.
        using (var state = norm.StateDict().Clone())
        {
            state["num_batches_tracked"].Assign<long>([9]);
            norm.Load(state);
        }

        norm.Forward(Constant(15));
        Assert.That(Counter(norm), Is.EqualTo(10));
        Assert.That(norm.RunningMean.Value.Item(), Is.EqualTo(6).Within(1e-6));
    }

    [Test]
    public void Eval_UsesRunningStatisticsAndLeavesThem()
    {
        using var scope = new TensorScope();
        using var norm = Make();
        norm.RunningMean.Value.Assign(Constant(3, 1));
        norm.RunningVariance.Value.Assign(Constant(4, 1));
        norm.Eval();
        Assert.That(norm.Forward(Constant(7)).ToDoubles(), Has.All.EqualTo(2).Within(1e-5));
        Assert.That((norm.RunningMean.Value.Item(), Counter(norm)), Is.EqualTo((3.0, 0L)));
    }

    [Test]
    public void FrozenStatistics_InTraining_LearnsButDoesNotMove()
    {
        using var scope = new TensorScope();
        using var norm = Make();
        norm.FreezeStatistics();
        // A single value per channel is fine then.
        norm.Forward(Tensor.FromDoubles([2], new TensorSpec([1, 1, 1, 1], dtype), device)).Sum().Backward();
        Assert.That(norm.RunningMean.Value.Item(), Is.Zero);
        Assert.That(norm.Weight.Grad!.Item(), Is.EqualTo(2 / Math.Sqrt(1 + 1e-5)).Within(1e-6));
        Assert.That(norm.Bias.Grad!.Item(), Is.EqualTo(1));
    }

    [Test]
    public void Training_OneValuePerChannel_SaysWhatToDo()
    {
        using var scope = new TensorScope();
        using var norm = Make();
        Assert.That(() => norm.Forward(Tensor.Zeros([1, 1, 1, 1], dtype, device)), Throws.TypeOf<ShapeException>()
            .With.Message.Contains("larger batch").And.Message.Contains("FrozenStatistics"));
        Assert.That((norm.RunningMean.Value.Item(), Counter(norm)), Is.EqualTo((0.0, 0L)));
    }

    [Test]
    public void Training_WithGradients_NormalisesAndFindsThem()
    {
        using var scope = new TensorScope();
        using var norm = Make();
        var x = TestNets.Random([4, 1, 3, 3], device, dtype);
        x.RequiresGrad = true;
        var y = norm.Forward(x);
        var values = y.ToDoubles();
        Assert.That(values.Average(), Is.Zero.Within(1e-6));
        Assert.That(values.Average(v => v * v), Is.EqualTo(1).Within(1e-3));
        y.Sum().Backward();
        // The output's sum does not depend on the input.
        Assert.That(x.Grad!.ToDoubles(), Has.All.EqualTo(0).Within(1e-5));
        Assert.That(norm.Bias.Grad!.Item(), Is.EqualTo(36));
    }

    private BatchNorm2d Make(double? momentum = 0.1)
    {
        var norm = new BatchNorm2d(1, momentum: momentum);
        norm.Materialize(device, dtype, new Generator(1));
        return norm;
    }

    private Tensor Constant(double value, int rank = 4) => Tensor.Full(value, rank == 1 ? [1] : [2, 1, 1, 1], dtype, device);

    private static long Counter(BatchNorm2d norm) => (long)norm.NamedBuffers().Last().Value.Item();
}
