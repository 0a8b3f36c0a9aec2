using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>What the options change, and what is refused.</summary>
public sealed class ResNetTests
{
    private static readonly ResNetOptions Small = new()
    {
        Depths = [1, 1, 1, 1],
        Stem = StemKind.Deep,
        StemWidth = 8,
        Shortcut = ShortcutKind.AverageDown,
        Radix = 2,
        AverageDown = true,
        BottleneckWidth = 8,
        Classes = 10,
    };

    [TestCase(32, new[] { 32, 16, 8, 4, 2 })]
    [TestCase(16, new[] { 32, 16, 8, 4, 4 })]
    [TestCase(8, new[] { 32, 16, 8, 8, 8 })]
    public void Features_OfDilatedForms_KeepTheResolutionOfTheOutputStride(int outputStride, int[] sides)
    {
        using var scope = new TensorScope();
        using var net = new ResNet(Small with { OutputStride = outputStride });
        net.Eval();

        var maps = net.Features(Tensor.Zeros([1, 3, 64, 64], DType.F32, Device.Meta));

        Assert.That(maps.Select(map => map.Shape[2]), Is.EqualTo(sides));
        Assert.That(maps.Select(map => map.Shape[1]), Is.EqualTo(new[] { 16, 256, 512, 1024, 2048 }));
    }

    [TestCase(1, 1)]
    [TestCase(2, 1)]
    [TestCase(4, 1)]
    [TestCase(3, 1)]
    [TestCase(1, 2)]
    [TestCase(2, 4)]
    [TestCase(0, 8)]
    public void Forward_OfAnyRadixAndCardinality_GivesLogits(int radix, int cardinality)
    {
        using var scope = new TensorScope();
        using var net = new ResNet(Small with { Radix = radix, Cardinality = cardinality, BottleneckWidth = 24 });
        net.Eval();

        Assert.That(net.Forward(Tensor.Zeros([2, 3, 33, 47], DType.F32, Device.Meta)).Shape, Is.EqualTo(Shape.Create([2, 10])));
    }

    [Test]
    public void Create_WithOtherClassesAndChannels_ChangesOnlyFirstAndLastLayer()
    {
        using var net = ModelZoo.Find("resnest50").Create(new ModelChanges(Classes: 7, InputChannels: 1));
        using var plain = ModelZoo.ResNeSt50();
        var changed = net.NamedState().Zip(plain.NamedState()).Where(pair => pair.First.State.Shape != pair.Second.State.Shape).Select(pair => pair.First.Name);

        Assert.That(changed, Is.EqualTo(new[] { "conv1.0.weight", "fc.weight", "fc.bias" }));
    }

    [Test]
    public void Create_WithoutClasses_YieldsPooledFeatures()
    {
        using var scope = new TensorScope();
        using var net = new ResNet(Small with { Classes = 0 });
        net.Eval();

        Assert.That(net.Forward(Tensor.Zeros([3, 3, 32, 32], DType.F32, Device.Meta)).Shape, Is.EqualTo(Shape.Create([3, 2048])));
    }

    [Test]
    public void Training_WithOnePictureOfOnePixelAtTheAttention_SaysWhatToDo()
    {
        using var scope = new TensorScope();
        using var net = new ResNet(Small);
        net.Materialize(Device.Reference, DType.F32, new Generator(1));

        Assert.That(() => net.Forward(Tensor.Zeros([1, 3, 32, 32], DType.F32, Device.Reference)),
            Throws.TypeOf<ShapeException>().With.Message.Contains("FrozenStatistics"));
    }

    [Test]
    public void Training_WithOnePictureAndFrozenStatistics_Works()
    {
        using var scope = new TensorScope();
        using var net = new ResNet(Small);
        net.Materialize(Device.Reference, DType.F32, new Generator(1));
        net.FreezeStatistics();

        Assert.That(net.Forward(Tensor.Zeros([1, 3, 32, 32], DType.F32, Device.Reference)).Shape, Is.EqualTo(Shape.Create([1, 10])));
    }

    [Test]
    public void ZeroLastGamma_MakesEveryBlockBeginAsItsShortcut()
    {
        using var net = new ResNet(Small with { ZeroLastGamma = true });
        net.Materialize(Device.Reference, DType.F32, new Generator(1));
        foreach (var (name, parameter) in net.NamedParameters().Where(entry => entry.Name.EndsWith("bn3.weight", StringComparison.Ordinal)))
            Assert.That(parameter.Value.ToArray<float>(), Is.All.Zero, name);
    }

    [Test]
    public void Forward_OfAWrongInput_NamesWhatItNeeds()
    {
        using var net = new ResNet(Small);

        Assert.That(() => net.Forward(Tensor.Zeros([1, 4, 32, 32], DType.F32, Device.Meta)),
            Throws.TypeOf<ShapeException>().With.Message.Contains("[N, 3, H, W]"));
    }

    [Test]
    public void Options_ThatContradict_AreRefused()
    {
        Assert.That(() => new ResNet(Small with { Depths = [1, 1, 1] }), Throws.TypeOf<ShapeException>());
        Assert.That(() => new ResNet(Small with { OutputStride = 4 }), Throws.TypeOf<ShapeException>());
        Assert.That(() => new ResNet(Small with { Radix = 5, BottleneckWidth = 8 }), Throws.TypeOf<ShapeException>());
    }

    [Test]
    public void Find_OfAnUnknownName_SuggestsTheNearest() =>
        Assert.That(() => ModelZoo.Find("resnests50"), Throws.TypeOf<UnknownModelException>().With.Message.Contains("'resnest50'"));

    [TestCase("resnest50d", "resnest50")]
    [TestCase("resnest101e", "resnest101")]
    [TestCase("ResNeSt14d", "resnest14")]
    public void Find_OfATimmName_GivesTheNetwork(string alias, string name) =>
        Assert.That(ModelZoo.Find(alias).Name, Is.EqualTo(name));
}
