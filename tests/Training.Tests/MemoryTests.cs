using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>Recomputed stages in whole runs, mixed precision.</summary>
public sealed class MemoryTests
{
    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [Test]
    public void Recompute_OfStages_ChangesNoBitAndKeepsLess()
    {
        using var plain = TestPictures.Model();
        using var sparing = TestPictures.Model();
        foreach (var (name, module) in sparing.NamedModules())
            module.Recomputes = name is "layer1" or "layer2" or "layer3" or "layer4";
        foreach (var model in (Module[])[plain, sparing])
        {
            using var trainer = new Trainer(model, TestPictures.Dataset(), null, new TrainerOptions { Recipe = TestPictures.Recipe, Workers = 0, MaxSteps = 7 });
            trainer.Run();
        }

        Assert.That(TestPictures.Bits(sparing), Is.EqualTo(TestPictures.Bits(plain)), "dropouts repeat themselves, statistics are tracked once");
        long all = Kept(plain), few = Kept(sparing);
        Assert.That(few, Is.LessThan(all / 2));
    }

    [TestCase(DType.BF16)]
    [TestCase(DType.F16)]
    public void MixedPrecision_TrainsNearSinglePrecision(DType half)
    {
        var recipe = TestPictures.Recipe with { Epochs = 2, Mixing = new BatchMixer(), DropBlock = 0, Erasing = 0 };
        using var single = TestPictures.Model(random: false);
        using var mixed = TestPictures.Model(dtype: half, random: false);
        double Loss(Module model, LossScaler? scaler)
        {
            using var trainer = new Trainer(model, TestPictures.Dataset(80), null, new TrainerOptions { Recipe = recipe, Workers = 0, Scaler = scaler });
            return trainer.Run().Epochs[^1].TrainLoss;
        }

        double expected = Loss(single, null), loss = Loss(mixed, half == DType.F16 ? new LossScaler { Scale = 256 } : null);
        Assert.That(loss, Is.EqualTo(expected).Within(15).Percent);
    }

    [Test]
    public void Optimizer_OfHalfParameters_AddsUpStepsBelowTheirLastBit()
    {
        using var layer = new Linear(1, 1, bias: false);
        layer.MaterializeEmpty(Device.Cpu, DType.BF16);
        layer.Weight.Value.AssignRounded([1.0]);
        using var sgd = new Sgd(TrainedParameter.Of(layer), 1e-3);
        for (int i = 0; i < 100; i++)
        {
            using var scope = new TensorScope();
            layer.Weight.Value.ClearGrad();
            layer.Weight.Value.Sum().Backward();
            sgd.Step();
        }

        // Each step is a fifth of a last bit; rounded one by one they would vanish.
        Assert.That(layer.Weight.Value.ToDoubles()[0], Is.EqualTo(0.9).Within(0.004));
    }

    private static long Kept(Module model)
    {
        using var scope = new TensorScope();
        model.Train();
        model.SetGenerator(new Generator(1));
        var x = Tensor.Zeros([8, 3, 8, 8]);
        return RetainedMemory.Measure(model, () => model.Forward(x)).TotalBytes;
    }
}
