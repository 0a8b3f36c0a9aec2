using ResNeSt.Conformance;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Training;

namespace ResNeSt.Models.Tests;

/// <summary>Deformable convolutions inside the blocks: keys of the authors' detectors, and the plain network where nothing moves.</summary>
public sealed class DeformationTests
{
    private static readonly ResNetOptions Plain = new()
    {
        Depths = [1, 2, 1, 1], Planes = [8, 16, 16, 24], Stem = StemKind.Deep, StemWidth = 8, Shortcut = ShortcutKind.AverageDown, Radix = 2, AverageDown = true, Classes = 5,
    };

    private static readonly ResNetOptions Deformed = Plain with { Deformation = new DeformOptions { OffsetGroups = 2 } };

    private TensorScope _scope = null!;

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [SetUp]
    public void Open() => _scope = new TensorScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void State_OfTheDeformableResNeSt50_HasOneConvolutionMoreInEachBlock()
    {
        using var plain = ModelZoo.ResNeSt50();
        using var net = ModelZoo.ResNeSt50(new ModelChanges(Deformation: new DeformOptions { OffsetGroups = 2 }));
        var state = net.NamedState().ToDictionary(entry => entry.Name, entry => entry.State.Shape);

        Assert.That(plain.NamedState().Select(entry => entry.Name), Is.EqualTo(state.Keys.Where(name => !name.Contains("conv2_offset"))));
        Assert.That(state.Keys.Count(name => name.EndsWith("conv2_offset.weight", StringComparison.Ordinal)), Is.EqualTo(4 + 6 + 3));
        Assert.That(state["layer3.0.conv2_offset.weight"], Is.EqualTo(Shape.Create([54, 128, 3, 3])));
        Assert.That(state["layer3.0.conv2_offset.bias"], Is.EqualTo(Shape.Create([54])));
        Assert.That(state["layer3.0.conv2.conv.weight"], Is.EqualTo(Shape.Create([512, 128, 3, 3])));
        Assert.That(state.Keys.SkipWhile(name => name != "layer2.1.bn1.num_batches_tracked").Skip(1).First(), Is.EqualTo("layer2.1.conv2_offset.weight"));
    }

    /// <summary>Small networks of the authors' code, deformable in their last three stages; tests/Data/relatives/make.py made the numbers.</summary>
    [TestCase("radix2_groups2_v2", 2, 2, true)]
    [TestCase("radix2_groups1_v1", 2, 1, false)]
    [TestCase("radix1_groups4_v2", 1, 4, true)]
    [TestCase("radix0_groups2_v2", 0, 2, true)]
    public void Logits_OfSmallDeformableNetworks_AreThoseOfTheirSource(string name, int radix, int offsetGroups, bool masked)
    {
        using var stream = File.OpenRead(TestData.File("relatives", "deformable.json"));
        var network = GoldenForward.Read(stream, "deformable.json").Single(known => known.Name == name);
        foreach (var (device, dtype, bound) in new[] { (Device.Reference, DType.F64, 1e-8), (Device.Cpu, DType.F32, 1e-4) })
        {
            using var net = new ResNet(new ResNetOptions
            {
                Depths = [1, 2, 1, 1], Stem = StemKind.Deep, StemWidth = 16, Shortcut = ShortcutKind.AverageDown, Radix = radix, AverageDown = true, Classes = 10,
                Deformation = new DeformOptions { OffsetGroups = offsetGroups, Masked = masked },
            });
            Assert.That(net.ParameterCount(), Is.EqualTo(network.Parameters));
            Assert.That(net.NamedState().Count(), Is.EqualTo(network.Tensors));
            net.MaterializeEmpty(device, dtype);
            net.Eval();
            GoldenWeights.Fill(net);
            foreach (var known in network.Cases)
            {
                var difference = GoldenForward.Compare(net, known, device, dtype);
                Assert.That(difference.IsWithin(bound * Math.Max(1, known.Norm), bound), $"{device} {known.Input}: {difference}");
            }
        }
    }

    [TestCase(2)]
    [TestCase(0)]
    public void Forward_OfOffsetsThatAreZero_IsThePlainNetwork(int radix)
    {
        var options = Plain with { Radix = radix };
        var expected = Run(options, _ => { });

        Assert.That(Run(options with { Deformation = new DeformOptions { Masked = false } }, net => Clear(net)), Is.EqualTo(expected).Within(1e-10));
        Assert.That(Run(options with { Deformation = new DeformOptions { OffsetGroups = 2 } }, net => Clear(net, maskLogit: 50)), Is.EqualTo(expected).Within(1e-10));
    }

    [Test]
    public void Forward_OfLogitsThatAreZero_HalvesTheConvolution()
    {
        double[] halved = Run(Plain, net =>
        {
            foreach (var (_, state) in net.NamedState().Where(entry => entry.Name.EndsWith("conv2.conv.weight", StringComparison.Ordinal) && !entry.Name.StartsWith("layer1", StringComparison.Ordinal)))
                state.Value.AssignRounded([.. state.Value.ToDoubles().Select(value => value / 2)]);
        });

        Assert.That(Run(Deformed, net => Clear(net)), Is.EqualTo(halved).Within(1e-10));
    }

    [Test]
    public void ThreeSteps_MoveTheOffsetsAndLowerTheLoss()
    {
        using var net = new ResNet(Deformed);
        net.Materialize(Device.Cpu, DType.F32, new Generator(7));
        var shape = Shape.Create([4, 3, 48, 48]);
        var x = Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, DType.F32), Device.Cpu);
        var labels = Tensor.FromArray(new long[] { 1, 3, 0, 2 }, [4], Device.Cpu);
        using var optimizer = new Sgd(net.NamedParameters().Select(entry => entry.Parameter), learningRate: 0.02, momentum: 0.9);
        var losses = new List<double>();
        for (int step = 0; step < 4; step++)
        {
            using var inner = new TensorScope();
            var loss = net.Forward(x).CrossEntropy(labels);
            losses.Add(loss.Item());
            loss.Backward();
            optimizer.Step();
            optimizer.ClearGrads();
        }

        Assert.That(losses[3], Is.LessThan(losses[0]), string.Join(" ", losses));
        foreach (var (name, parameter) in net.NamedParameters().Where(entry => entry.Name.Contains("conv2_offset")))
            Assert.That(parameter.Value.ToArray<float>().Count(value => value != 0), Is.GreaterThan(parameter.Shape.ElementCount / 2), name);
    }

    [Test]
    public void Layer_OfItsOwn_HasItsOffsetsBelowIt()
    {
        using var layer = new DeformConv2d(4, 6, kernel: 3, ConvGeometry.Of(padding: 1));

        Assert.That(layer.NamedState().Select(entry => entry.Name), Is.EqualTo(new[] { "weight", "bias", "offset.weight", "offset.bias" }));
        Assert.That(layer.Forward(Tensor.Zeros([2, 4, 5, 7], DType.F32, Device.Meta)).Shape, Is.EqualTo(Shape.Create([2, 6, 5, 7])));
    }

    [Test]
    public void Options_WithoutAPlaceForThem_AreRefused()
    {
        Assert.That(() => new ResNet(Deformed with { Attention = new() { Kind = AttentionKind.SelectiveKernel }, Radix = 0 }), Throws.TypeOf<ShapeException>().With.Message.Contains("deformable"));
        Assert.That(() => new ResNet(Deformed with { Deformation = new DeformOptions { OffsetGroups = 3 } }), Throws.TypeOf<ShapeException>().With.Message.Contains("3 groups"));
        Assert.That(() => ModelZoo.Find("mobilenet_v2").Create(new ModelChanges(Deformation: new DeformOptions())), Throws.TypeOf<ShapeException>());
    }

    [Test]
    public void Summary_CountsTheProductsOfTheDeformableConvolution()
    {
        using var plain = new ResNet(Plain);
        using var net = new ResNet(Plain with { Deformation = new DeformOptions { Masked = false } });

        var offsets = ModelSummary.Create(net, [1, 3, 64, 64]).Layers.Where(layer => layer.Name.EndsWith("conv2_offset", StringComparison.Ordinal)).Sum(layer => layer.Macs);

        Assert.That(ModelSummary.Create(net, [1, 3, 64, 64]).Macs - offsets, Is.EqualTo(ModelSummary.Create(plain, [1, 3, 64, 64]).Macs));
    }

    private static double[] Run(ResNetOptions options, Action<ResNet> change)
    {
        using var net = new ResNet(options);
        net.MaterializeEmpty(Device.Reference, DType.F64);
        net.Eval();
        GoldenWeights.Fill(net);
        change(net);
        var shape = Shape.Create([2, 3, 40, 48]);
        return net.Forward(Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, DType.F64), Device.Reference)).ToDoubles();
    }

    /// <summary>No offsets, and behind them, in the last third of the channels, equal logits.</summary>
    private static void Clear(ResNet net, double maskLogit = 0)
    {
        foreach (var (name, state) in net.NamedState().Where(entry => entry.Name.Contains("conv2_offset")))
        {
            var values = new double[state.Shape.ElementCount];
            if (name.EndsWith("bias", StringComparison.Ordinal))
                Array.Fill(values, maskLogit, values.Length * 2 / 3, values.Length - values.Length * 2 / 3);
            state.Value.AssignRounded(values);
        }
    }
}
