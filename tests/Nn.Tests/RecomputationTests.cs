using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Nn.Tests;

/// <summary>Modules that are computed again during backward: the same bits, less memory.</summary>
public sealed class RecomputationTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Recomputes_GivesTheSameGradientsStatisticsAndRandomNumbers()
    {
        var plain = Train(_ => { });
        Assert.That(Train(net => net[1].Recomputes = true), Is.EqualTo(plain));
        Assert.That(Train(net => net.Recomputes = true), Is.EqualTo(plain));
        Assert.That(
            Train(net =>
            {
                net.Recomputes = true;
                net[1].Recomputes = true;
            }),
            Is.EqualTo(plain));
    }

    [Test]
    public void Recomputes_InEvaluation_ChangesNothing()
    {
        using var scope = new TensorScope();
        using var net = Make();
        net.Eval();
        var x = TestNets.Random([2, 2, 8, 8], Device.Cpu);
        var expected = net.Forward(x).ToArray<float>();
        net.Recomputes = true;
        Assert.That(net.Forward(x).ToArray<float>(), Is.EqualTo(expected));
    }

    [Test]
    public void RetainedMemory_CountsWhatLayersKeepOnce()
    {
        using var net = TestNets.Small(Device.Cpu);
        using var scope = new TensorScope();
        var x = TestNets.Random([2, 2, 8, 8], Device.Cpu);

        var report = RetainedMemory.Measure(net, () => net.Forward(x));

        var bytes = report.Layers.ToDictionary(layer => layer.Name, layer => layer.Bytes);
        Assert.That(bytes["0"], Is.EqualTo(2 * 2 * 8 * 8 * 4), "the picture");
        // Its input and output, and a mean and a variance per channel.
        Assert.That(bytes["1"], Is.EqualTo(2 * 2 * 4 * 8 * 8 * 4 + 2 * 4 * 4), "the batch norm with its ReLU");
        Assert.That(report.TotalBytes, Is.EqualTo(bytes.Values.Sum()));
        Assert.That(report.ToString(), Does.Contain("1 (BatchNorm2d)").And.Contain("sum"));
    }

    [Test]
    public void RetainedMemory_WithRecomputation_IsTheInputs()
    {
        using var net = TestNets.Small(Device.Cpu);
        using var scope = new TensorScope();
        var x = TestNets.Random([2, 2, 8, 8], Device.Cpu);
        net.Recomputes = true;
        Assert.That(RetainedMemory.Measure(net, () => net.Forward(x)).TotalBytes, Is.EqualTo(x.Spec.ByteLength));
    }

    [Test]
    public void RetainedMemory_OnMeta_IsThatOfTheDevice()
    {
        using var net = TestNets.Small();
        using var real = TestNets.Small(Device.Cpu);
        using var scope = new TensorScope();
        var x = TestNets.Random([2, 2, 8, 8], Device.Cpu);
        long meta = RetainedMemory.Measure(net, () => net.Forward(Tensor.Zeros(x.Shape, DType.F32, Device.Meta))).TotalBytes;
        Assert.That(meta, Is.EqualTo(RetainedMemory.Measure(real, () => real.Forward(x)).TotalBytes));
    }

    /// <summary>Two steps; gradients, state and the generator behind them, as text.</summary>
    private static string Train(Action<Sequential> change)
    {
        using var scope = new TensorScope();
        using var net = Make();
        var generator = new Generator(3);
        net.SetGenerator(generator);
        change(net);
        for (ulong step = 0; step < 2; step++)
            net.Forward(TestNets.Random([4, 2, 8, 8], Device.Cpu, seed: step)).Square().Mean().Backward();
        var lines = net.NamedParameters().Select(entry => entry.Name + " " + string.Join(' ', entry.Parameter.Grad!.ToArray<float>()))
            .Concat(net.NamedState().Select(entry => entry.Name + " " + string.Join(' ', entry.State.Value.ToDoubles())))
            .Append(generator.State.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return string.Join('\n', lines);
    }

    private static Sequential Make()
    {
        Sequential net =
        [
            new Conv2d(2, 4, 3, padding: 1, bias: false),
            new Sequential { new BatchNorm2d(4), new Relu(), new Dropout(0.3), new Conv2d(4, 4, 3, padding: 1), new Dropout(0.2) },
            new BatchNorm2d(4),
            new Dropout(0.5),
            new GlobalAvgPool2d(),
            new Linear(4, 3),
        ];
        net.Materialize(Device.Cpu, DType.F32, new Generator(1));
        return net;
    }
}
