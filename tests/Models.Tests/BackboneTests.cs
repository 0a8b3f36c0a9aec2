using ResNeSt.Nn;
using ResNeSt.Samples;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Networks as backbones: maps at any stage, frozen beginnings, and the two samples on top of them, by shape and by gradient.</summary>
public sealed class BackboneTests
{
    private static readonly ResNetOptions Small = new()
    {
        Depths = [1, 1, 1, 1], Planes = [4, 8, 8, 16], Stem = StemKind.Deep, StemWidth = 8, Shortcut = ShortcutKind.AverageDown, Radix = 2, AverageDown = true, Classes = 0,
    };

    private TensorScope _scope = null!;

    [SetUp]
    public void Open() => _scope = new TensorScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [TestCase("resnest50", 32)]
    [TestCase("resnest50_dilated8", 8)]
    [TestCase("resnet18", 32)]
    [TestCase("gcresnet33ts", 32)]
    [TestCase("cotnet50", 32)]
    [TestCase("se_cotnetd_50", 32)]
    [TestCase("sknet50", 32)]
    [TestCase("legacy_senet154", 32)]
    [TestCase("resnest_tiny", 8)]
    public void Taps_OfTheZoo_AreTheMapsThatComeOut(string name, int outputStride)
    {
        using var net = (ResNet)ModelZoo.Find(name).Create();
        net.Eval();

        var maps = net.Features(Tensor.Zeros([1, 3, 128, 128], DType.F32, Device.Meta));

        Assert.That(maps.Select(map => (128 / map.Shape[2], map.Shape[1])), Is.EqualTo(net.Taps.Select(tap => (tap.Stride, tap.Channels))));
        Assert.That(net.Taps[^1].Stride, Is.EqualTo(outputStride));
    }

    [Test]
    public void Features_UpToATap_AreTheFirstOfAll()
    {
        using var net = Filled(new ResNet(Small));
        var x = Picture(32, 32);

        var all = net.Features(x);
        for (int last = 0; last <= 4; last++)
        {
            var some = net.Features(x, last);
            Assert.That(some, Has.Length.EqualTo(last + 1));
            Assert.That(some[^1].ToDoubles(), Is.EqualTo(all[last].ToDoubles()));
        }

        Assert.That(() => net.Features(x, 5), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(3)]
    [TestCase(5)]
    public void FreezeFirst_StopsParametersAndStatisticsOfTheBeginningAlone(int parts)
    {
        using var net = Filled(new ResNet(Small with { Classes = 3 }));
        net.Train();
        net.FreezeFirst(parts);
        string[] frozen = [.. new[] { "conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4." }.Take(parts == 0 ? 0 : parts + 1)];
        bool IsFrozen(string name) => frozen.Any(part => name.StartsWith(part, StringComparison.Ordinal));
        var before = net.NamedBuffers().ToDictionary(buffer => buffer.Name, buffer => buffer.Value.ToDoubles());

        net.Forward(Picture(64, 64)).Sum().Backward();

        foreach (var (name, parameter) in net.NamedParameters())
            Assert.That(parameter.Value.Grad is null, Is.EqualTo(IsFrozen(name)), name);
        foreach (var (name, buffer) in net.NamedBuffers().Where(buffer => buffer.Name.EndsWith("running_mean", StringComparison.Ordinal)))
            Assert.That(buffer.ToDoubles().SequenceEqual(before[name]), Is.EqualTo(IsFrozen(name)), name);
    }

    [TestCase(256, 320, 64, 80)]
    [TestCase(97, 131, 25, 33)]
    public void FeaturePyramid_OfResNeSt50_HasLevelsOfEqualChannels(int height, int width, int finestHeight, int finestWidth)
    {
        using var pyramid = new FeaturePyramid((ResNet)ModelZoo.ResNeSt50(new ModelChanges(Classes: 0)));
        pyramid.Eval();

        var levels = pyramid.Levels(Tensor.Zeros([2, 3, height, width], DType.F32, Device.Meta));

        Assert.That(levels.Select(level => level.Shape[1]), Is.All.EqualTo(256));
        Assert.That(levels[0].Shape, Is.EqualTo(Shape.Create([2, 256, finestHeight, finestWidth])));
        for (int i = 1; i < levels.Length; i++)
            Assert.That((levels[i].Shape[2], levels[i].Shape[3]), Is.EqualTo(((levels[i - 1].Shape[2] + 1) / 2, (levels[i - 1].Shape[3] + 1) / 2)));
    }

    [TestCase(8)]
    [TestCase(16)]
    public void DeepLabV3_OfADilatedBackbone_GivesEveryPixelItsClasses(int outputStride)
    {
        using var net = new DeepLabV3((ResNet)ModelZoo.ResNeSt50(new ModelChanges(Classes: 0, OutputStride: outputStride)), classes: 21);
        net.Eval();

        Assert.That(net.Forward(Tensor.Zeros([1, 3, 65, 97], DType.F32, Device.Meta)).Shape, Is.EqualTo(Shape.Create([1, 21, 65, 97])));
        Assert.That(net.NamedState().Select(entry => entry.Name), Is.SupersetOf(new[] { "backbone.layer4.2.conv3.weight", "classifier.0.convs.4.1.weight", "classifier.0.project.0.weight", "classifier.4.bias" }));
    }

    [Test]
    public void FeaturePyramid_Gradients_MatchFiniteDifferences()
    {
        using var pyramid = Filled(new FeaturePyramid(new ResNet(Small), channels: 6));
        CheckGradients(pyramid, x => Weighed(pyramid.Levels(x)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void DeepLabV3_Gradients_MatchFiniteDifferences(bool contextual)
    {
        var options = contextual
            ? Small with { Radix = 0, AverageDown = false, Planes = [8, 8, 16, 16], Attention = new() { Kind = AttentionKind.ContextualTransformer } }
            : Small;
        using var net = Filled(new DeepLabV3(new ResNet(options with { OutputStride = 16 }), classes: 3, channels: 6));
        CheckGradients(net, x => Weighed([net.Forward(x)]));
    }

    /// <summary>A sum in which each element counts differently.</summary>
    private static Tensor Weighed(Tensor[] maps) => maps.Select((map, i) =>
        (map * Tensor.FromDoubles(GoldenWeights.Values($"{i}.weight", [map.Spec.ElementCount]), new TensorSpec([map.Spec.ElementCount], map.DType), map.Device).Reshape(map.Shape)).Sum())
        .Aggregate((sum, part) => sum + part);

    /// <summary>The derivative along a direction in which picture and every parameter take part, from gradients and from a difference.</summary>
    private static void CheckGradients(Module net, Func<Tensor, Tensor> loss)
    {
        const double Step = 1e-6;
        var x = Picture(40, 48);
        x.RequiresGrad = true;
        var inputs = net.NamedParameters().Select(entry => (entry.Name, entry.Parameter.Value)).Append(("input", x)).ToList();
        loss(x).Backward();
        double expected = 0;
        var moved = new List<(Tensor Value, double[] At, double[] Direction)>();
        foreach (var (name, value) in inputs)
        {
            Assert.That(value.Grad, Is.Not.Null, name);
            double[] gradient = value.Grad!.ToDoubles(), direction = [.. GoldenWeights.Values("x", [gradient.Length]).Select((v, i) => i % 2 == 0 ? v : -v)];
            Assert.That(gradient.All(double.IsFinite) && gradient.Any(g => g != 0), name);
            expected += gradient.Zip(direction, (g, d) => g * d).Sum();
            moved.Add((value, value.ToDoubles(), direction));
        }

        double ahead = At(Step), behind = At(-Step);
        Assert.That((ahead - behind) / (2 * Step), Is.EqualTo(expected).Within(1e-4).Percent);

        double At(double step)
        {
            using var off = GradMode.Off();
            foreach (var (value, at, direction) in moved)
                value.Assign(Tensor.FromDoubles([.. at.Zip(direction, (a, d) => a + step * d)], value.Spec, value.Device));
            return loss(x).Item();
        }
    }

    private static T Filled<T>(T module)
        where T : Module
    {
        module.MaterializeEmpty(Device.Reference, DType.F64);
        module.Eval();
        GoldenWeights.Fill(module);
        return module;
    }

    private static Tensor Picture(int height, int width)
    {
        Shape shape = [2, 3, height, width];
        return Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, DType.F64), Device.Reference);
    }
}
