using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Training;

namespace ResNeSt.Models.Tests;

/// <summary>One small network of each kind of attention learns, and keeps its resolution when dilated.</summary>
public sealed class RelativesTests
{
    private static readonly ResNetOptions Small = new()
    {
        Depths = [1, 2, 1, 1],
        Planes = [16, 32, 32, 32],
        Stem = StemKind.Tiered,
        StemWidth = 16,
        Classes = 10,
    };

    private static IEnumerable<TestCaseData> Networks()
    {
        yield return Named("Bottleneck", Small);
        yield return Named("Basic", Small with { Block = BlockKind.Basic });
        yield return Named("Silu", Small with { Activation = Activation.Silu, FinalChannels = 48 });
        yield return Named("SplitAttention", Small with { Radix = 2 });
        foreach (var kind in Enum.GetValues<AttentionKind>().Where(kind => kind != AttentionKind.None))
            yield return Named(kind.ToString(), Small with { Attention = new() { Kind = kind, Reduction = 4 } });
        foreach (var form in Enum.GetValues<NonLocalForm>())
            yield return Named($"NonLocal{form}", Small with { Attention = new() { Kind = AttentionKind.NonLocal, Form = form, Stages = [2], Place = AttentionPlace.Input } });
        foreach (var order in Enum.GetValues<GateOrder>())
            yield return Named($"Cbam{order}", Small with { Attention = new() { Kind = AttentionKind.ConvolutionalAttention, Order = order } });
        yield return Named("ContextMiddle", Small with
        {
            Attention = new() { Kind = AttentionKind.GlobalContext, Place = AttentionPlace.Middle, Pooling = ContextPooling.Average, Fusion = ContextFusion.Multiply },
        });

        static TestCaseData Named(string name, ResNetOptions options) => new TestCaseData(options).SetArgDisplayNames(name);
    }

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(Networks))]
    public void ThreeSteps_OnAFixedBatch_LowerTheLoss(ResNetOptions options) => CheckLearns(new ResNet(options));

    [TestCase(false)]
    [TestCase(true)]
    public void ThreeStepsOfMobileNetV2_OnAFixedBatch_LowerTheLoss(bool selectiveKernels) =>
        CheckLearns(new MobileNetV2(new MobileNetV2Options { Classes = 10, Dropout = 0, SelectiveKernels = selectiveKernels }));

    [TestCaseSource(nameof(Networks))]
    public void Features_OfTheDilatedForm_KeepTheirResolution(ResNetOptions options)
    {
        using var scope = new TensorScope();
        using var net = new ResNet(options with { OutputStride = 8 });
        net.Eval();

        var maps = net.Features(Tensor.Zeros([1, 3, 64, 64], DType.F32, Device.Meta));

        Assert.That(maps.Select(map => map.Shape[2]), Is.EqualTo(new[] { 32, 16, 8, 8, 8 }));
    }

    [Test]
    public void BasicBlocks_WithWhatOnlyBottlenecksHave_AreRefused() =>
        Assert.That(() => new ResNet(Small with { Block = BlockKind.Basic, Radix = 2 }), Throws.TypeOf<ShapeException>().With.Message.Contains("basic"));

    [Test]
    public void MobileNetV2_WithAnOutputStride_IsRefused() =>
        Assert.That(() => ModelZoo.Find("mobilenet_v2").Create(new ModelChanges(OutputStride: 8)), Throws.TypeOf<ShapeException>());

    private static void CheckLearns(Module net)
    {
        using var scope = new TensorScope();
        using (net)
        {
            net.Materialize(Device.Cpu, DType.F32, new Generator(7));
            var shape = Shape.Create([8, 3, 64, 64]);
            var x = Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, DType.F32), Device.Cpu);
            var labels = Tensor.FromArray(new long[] { 1, 3, 5, 7, 2, 4, 6, 8 }, [8], Device.Cpu);
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
        }
    }
}
