using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Nn.Tests;

/// <summary>Layers without statistics: what they compute and what they refuse.</summary>
[TestFixture]
public sealed class LayerTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Activations_FollowTheirFormulas()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromArray(new[] { -7f, -0.5f, 0, 0.5f, 7 }, [5]);
        var values = x.ToDoubles();
        (Module Module, Func<double, double> Formula)[] cases =
        [
            (new Relu(), v => Math.Max(v, 0)),
            (new Relu6(), v => Math.Clamp(v, 0, 6)),
            (new LeakyRelu(0.1), v => v > 0 ? v : 0.1 * v),
            (new Sigmoid(), v => 1 / (1 + Math.Exp(-v))),
            (new Silu(), v => v / (1 + Math.Exp(-v))),
            (new Tanh(), Math.Tanh),
            (new Identity(), v => v),
        ];
        foreach (var (module, formula) in cases)
            Assert.That(module.Forward(x).ToDoubles(), Is.EqualTo(values.Select(formula)).Within(1e-6), module.GetType().Name);
    }

    [Test]
    public void Pools_GiveTheirShapes()
    {
        using var scope = new TensorScope();
        var x = Tensor.Zeros([2, 3, 7, 9], DType.F32, Device.Meta);
        Assert.That(new MaxPool2d(3, 2, 1).Forward(x).Shape.ToString(), Is.EqualTo("[2,3,4,5]"));
        Assert.That(new AvgPool2d(2, ceilMode: true, countPadding: false).Forward(x).Shape.ToString(), Is.EqualTo("[2,3,4,5]"));
        Assert.That(new GlobalAvgPool2d().Forward(x).Shape.ToString(), Is.EqualTo("[2,3]"));
        Assert.That(new Flatten().Forward(x).Shape.ToString(), Is.EqualTo("[2,189]"));
    }

    [Test]
    public void Conv2d_GroupsAndBias_MatchesTheOperator()
    {
        using var scope = new TensorScope();
        using var conv = new Conv2d(4, 6, 3, stride: 2, padding: 1, groups: 2);
        conv.Materialize("reference", DType.F64, new Generator(1));
        var x = TestNets.Random([2, 4, 5, 5], "reference", DType.F64);
        var expected = x.Conv2d(conv.Weight.Value, conv.Bias!.Value, ConvGeometry.Of(2, 1, 1, 2));
        Assert.That(conv.Forward(x).ToDoubles(), Is.EqualTo(expected.ToDoubles()));
        Assert.That((conv.InputChannels, conv.OutputChannels, conv.Weight.Shape.ToString()), Is.EqualTo((4, 6, "[6,2,3,3]")));
    }

    [Test]
    public void Constructors_BadNumbers_AreRefused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new Conv2d(6, 4, 3, groups: 4), Throws.TypeOf<ShapeException>().With.Message.Contains("4 groups"));
            Assert.That(() => new Conv2d(0, 4, 3), Throws.TypeOf<ShapeException>());
            Assert.That(() => new Linear(3, 0), Throws.TypeOf<ShapeException>());
            Assert.That(() => new BatchNorm2d(0), Throws.TypeOf<ShapeException>());
            Assert.That(() => new Dropout(1.5), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => new Dropout(double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Dropout_Training_DropsItsShareAndScalesTheRest()
    {
        using var scope = new TensorScope();
        var net = new Sequential { new Dropout(0.25) };
        net.SetGenerator(new Generator(4));
        var x = Tensor.Ones([100, 100]);
        var first = net.Forward(x).ToDoubles();
        Assert.That(first.Distinct().Order(), Is.EqualTo(new[] { 0, 4.0 / 3 }).Within(1e-6));
        Assert.That(first.Count(v => v == 0) / 1e4, Is.EqualTo(0.25).Within(0.02));
        Assert.That(net.Forward(x).ToDoubles(), Is.Not.EqualTo(first));
        net.Eval();
        Assert.That(net.Forward(x).ToDoubles(), Is.EqualTo(x.ToDoubles()));
    }

    [Test]
    public void Dropout_TrainingWithoutGenerator_SaysWhatToCall() =>
        Assert.That(() => new Dropout(0.5).Forward(Tensor.Ones([1])), Throws.InvalidOperationException.With.Message.Contains("SetGenerator"));

    [Test]
    public void Sequential_Empty_IsTheIdentity()
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones([2]);
        Assert.That(new Sequential().Forward(x), Is.SameAs(x));
        Assert.That(new Sequential(new Identity(), new Identity()).Forward(x), Is.SameAs(x));
        Assert.That(x.IsDisposed, Is.False);
    }

    [Test]
    public void Sequential_WithoutGradients_FreesWhatLiesBetween()
    {
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var backend = ResNeSt.Tensors.Backends.BackendRegistry.Get("cpu");
        var x = Tensor.Ones([2]);
        int before = backend.LiveStorages;
        new Sequential { new Relu(), new Sigmoid(), new Sequential { new Tanh(), new Relu() } }.Forward(x);
        Assert.That(backend.LiveStorages, Is.EqualTo(before + 1));
    }

    [Test]
    public void CrossEntropyLoss_LabelOutsideOfTheClasses_NamesIt()
    {
        using var scope = new TensorScope();
        var logits = Tensor.Zeros([2, 3]);
        Assert.That(() => new CrossEntropyLoss().Forward(logits, Tensor.FromArray(new long[] { 0, 3 }, [2])),
            Throws.TypeOf<ShapeException>().With.Message.Contains("label 3 is none of the 3 classes"));
        Assert.That(new CrossEntropyLoss().Forward(logits, Tensor.FromArray(new long[] { 0, -100 }, [2])).Item(), Is.EqualTo(Math.Log(3)).Within(1e-6));
        Assert.That(new CrossEntropyLoss(reduction: Reduction.None).Forward(logits, Tensor.FromArray(new long[] { 0, 1 }, [2])).Shape.ToString(), Is.EqualTo("[2]"));
    }
}
