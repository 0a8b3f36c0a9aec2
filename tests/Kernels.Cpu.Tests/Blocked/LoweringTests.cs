using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Graphs made by hand, lowered and run step by step, against the definitions of their operators in double precision.</summary>
internal sealed class LoweringTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [TestCase(1, 32, 9, DType.F32)]
    [TestCase(2, 20, 7, DType.F32)]
    [TestCase(3, 48, 14, DType.F32)]
    [TestCase(2, 32, 9, DType.F16)]
    [TestCase(2, 32, 9, DType.BF16)]
    public void SplitAttentionBlock_OfAnySize_MatchesReference(int batch, int channels, int size, DType weights) =>
        AssertGood(net =>
        {
            var x = net.Convolution(net.Input([batch, 3, 2 * size, 2 * size]), channels, 3, stride: 2, ConvEpilogue(ActivationKind.Relu))[0];
            var splits = net.Convolution(x, 2 * channels, 3, groups: 2, epilogue: new(ActivationKind.Relu, false, 2));
            var attention = net.Gate(splits[1], hidden: 24, outputs: 2 * channels, radix: 2);
            var y = net.Convolution(splits[0], channels, 1, prologue: new(2, null), attention: attention, epilogue: new(ActivationKind.Relu, true, 0), residual: x)[0];
            return net.Linear(net.Reshape(net.Node(new RadixSumGlobalAvgPoolOp(1), y)[0], [batch, channels]), 10);
        }, new LoweringOptions(weights));

    [Test]
    public void PrologueOfManyWeights_RunsApart_AndMatchesReference() =>
        AssertGood(net =>
        {
            var x = net.Convolution(net.Input([2, 3, 14, 14]), 512, 3, epilogue: ConvEpilogue(ActivationKind.Relu))[0];
            var pool = new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), true, 0);
            return net.Convolution(x, 256, 1, prologue: new(0, pool), epilogue: ConvEpilogue(ActivationKind.None))[0];
        }, new LoweringOptions());

    [TestCase(16)]
    [TestCase(20)]
    public void OperatorsBetweenConvolutions_StayInBlocks_AndMatchReference(int channels)
    {
        var names = AssertGood(net =>
        {
            var x = net.Convolution(net.Input([2, 3, 13, 13]), channels, 3, epilogue: ConvEpilogue(ActivationKind.Relu6))[0];
            var pooled = net.Node(new MaxPool2dOp(PoolGeometry.Of(3, 2, 1)), x)[0];
            var mean = net.Node(new AvgPool2dOp(PoolGeometry.Of(3, 1, 1), false, 0), pooled)[0];
            var product = net.Node(new MultiplyOp(), pooled, net.Node(new SigmoidOp(), mean)[0])[0];
            var sum = net.Node(new AddOp(), product, net.Node(new SiluOp(), mean)[0])[0];
            return net.Convolution(net.Node(new ClampOp(-0.5, 0.75), sum)[0], 8, 3, epilogue: ConvEpilogue(ActivationKind.Silu))[0];
        }, new LoweringOptions());

        Assert.That(names.Count(name => name == "to blocks"), Is.Zero, string.Join(", ", names));
        Assert.That(names.Count(name => name == "to planes"), Is.EqualTo(1), string.Join(", ", names));
    }

    [TestCase(3, 2, 1, 1, false, 13, 10)]
    [TestCase(3, 2, 1, 1, false, 2, 1)]
    [TestCase(3, 1, 2, 2, false, 9, 6)]
    [TestCase(2, 2, 0, 1, true, 7, 5)]
    [TestCase(5, 3, 2, 1, true, 11, 8)]
    [TestCase(1, 2, 0, 1, false, 5, 6)]
    public void MaxPool_OfAnyWindow_StaysInBlocks_AndMatchesReference(int kernel, int stride, int padding, int dilation, bool ceilMode, int height, int width)
    {
        var names = AssertGood(net =>
        {
            // Negative values, so that zeros around the image would be the largest.
            var x = net.Node(new ClampOp(-2, -0.1), net.Convolution(net.Input([2, 3, height, width]), 20, 3, epilogue: ConvEpilogue(ActivationKind.None))[0])[0];
            var pooled = net.Node(new MaxPool2dOp(PoolGeometry.Of(kernel, stride, padding, dilation, ceilMode)), x)[0];
            return net.Convolution(pooled, 8, 3, epilogue: ConvEpilogue(ActivationKind.None))[0];
        }, new LoweringOptions());

        Assert.That(names, Does.Contain("max pool"));
    }

    [TestCase(2, 2, 0, 8, 8, 0)]
    [TestCase(3, 2, 1, 9, 6, 0)]
    [TestCase(3, 2, 1, 9, 6, 2)]
    [TestCase(4, 4, 0, 8, 9, 2)]
    [TestCase(5, 3, 2, 11, 8, 0)]
    public void AveragePool_BeforeAConvolution_MatchesReference(int kernel, int stride, int padding, int height, int width, int radix) =>
        AssertGood(net =>
        {
            int splits = Math.Max(1, radix);
            var x = net.Convolution(net.Input([2, 3, height, width]), splits * 32, 3, groups: 1, epilogue: new(ActivationKind.Relu, false, radix));
            var pool = new AvgPool2dOp(PoolGeometry.Of(kernel, stride, padding), true, 0);
            GraphValue? attention = radix == 0 ? null : net.Gate(x[1], hidden: 8, outputs: splits * 32, radix);
            return net.Convolution(x[0], 24, 1, prologue: new(radix, pool), attention: attention, epilogue: ConvEpilogue(ActivationKind.None))[0];
        }, new LoweringOptions());

    [Test]
    public void ConcatAndSlice_OfWholeBlocks_StayInBlocks_AndMatchReference()
    {
        var names = AssertGood(net =>
        {
            var x = net.Convolution(net.Input([2, 3, 6, 6]), 32, 3, epilogue: ConvEpilogue(ActivationKind.Relu))[0];
            var both = net.Node(new ConcatOp(1), x, net.Node(new SliceOp(1, 16, 16), x)[0])[0];
            return net.Convolution(both, 16, 3, epilogue: ConvEpilogue(ActivationKind.None))[0];
        }, new LoweringOptions());

        Assert.That(names.Count(name => name == "to blocks"), Is.Zero, string.Join(", ", names));
    }

    [Test]
    public void OperatorsWithoutBlocks_ChangeTheLayoutAround_AndMatchReference() =>
        AssertGood(net =>
        {
            var x = net.Convolution(net.Input([1, 3, 8, 8]), 20, 3, epilogue: ConvEpilogue(ActivationKind.Relu))[0];
            return net.Convolution(net.Node(new TanhOp(), x)[0], 8, 3, epilogue: ConvEpilogue(ActivationKind.None))[0];
        }, new LoweringOptions());

    [Test]
    public void ResidualThatIsReadAgain_IsNotOverwritten() =>
        AssertGood(net =>
        {
            var x = net.Convolution(net.Input([1, 3, 8, 8]), 16, 3, epilogue: ConvEpilogue(ActivationKind.Relu))[0];
            var y = net.Convolution(x, 16, 3, epilogue: new(ActivationKind.Relu, true, 0), residual: x)[0];
            var z = net.Convolution(y, 16, 1, epilogue: new(ActivationKind.Relu, true, 0), residual: x)[0];
            return net.Node(new AddOp(), z, y)[0];
        }, new LoweringOptions());

    [Test]
    public void PointwiseOperator_WritesOverAnInputThatNobodyReadsLater()
    {
        using var net = new HandMadeGraph(coarse: false);
        var x = net.Convolution(net.Input([2, 3, 9, 9]), 20, 1, epilogue: ConvEpilogue(ActivationKind.Relu))[0];
        var kept = net.Node(new SigmoidOp(), x)[0];
        var product = net.Node(new MultiplyOp(), x, kept)[0];
        var sum = net.Node(new AddOp(), kept, product)[0];
        var graph = net.Finish(net.Convolution(net.Node(new SiluOp(), sum)[0], 8, 1)[0]);
        using var lowered = BackendRegistry.Get(Device.Cpu).Lower(graph, new LoweringOptions());

        bool InPlace(string name) => lowered.Steps.Single(step => step.Name == name) is var step && step.Reads.Contains(step.Writes[0]);
        Assert.That(InPlace(new SigmoidOp().Name), Is.False, "its input is read again");
        Assert.That(InPlace(new MultiplyOp().Name), Is.True);
        Assert.That(InPlace(new AddOp().Name), Is.True);
        Assert.That(InPlace(new SiluOp().Name), Is.True);
        Assert.That(Comparison.Difference(net.Reference(), net.Run(lowered, threads: 3), Tolerance.For(DType.F32, 4000)), Is.Null);
    }

    [Test]
    public void PrologueOfManyWeights_HasNameModuleAndWorkOfItsOwn()
    {
        using var net = new HandMadeGraph(coarse: false);
        var x = net.Convolution(net.Input([1, 3, 14, 14]), 512, 3, epilogue: ConvEpilogue(ActivationKind.Relu))[0];
        var graph = net.Finish(net.Convolution(x, 2048, 1, prologue: new(0, new AvgPool2dOp(PoolGeometry.Of(2, 2), true, 0)))[0]);
        using var lowered = BackendRegistry.Get(Device.Cpu).Lower(graph, new LoweringOptions());

        var pool = lowered.Steps.Single(step => step.Name == "average pool");
        Assert.That(pool.Node?.Op, Is.InstanceOf<AvgPool2dOp>());
        Assert.That(pool.Node!.Outputs[0].Shape.ToString(), Is.EqualTo("[1,512,7,7]"));
        Assert.That(pool.Cost, Is.EqualTo(new AvgPool2dOp(PoolGeometry.Of(2, 2), true, 0).Cost([x.Spec])));
        var convolution = lowered.Steps[lowered.Steps.ToList().IndexOf(pool) + 1];
        Assert.That(convolution.Cost.Flops, Is.EqualTo(2L * 2048 * 7 * 7 * 512), "and reads what the pool wrote");
        Assert.That(convolution.Cost.BytesRead, Is.EqualTo(4L * (512 * 7 * 7 + 2048 * 512 + 2048)));
    }

    private static ConvEpilogue ConvEpilogue(ActivationKind activation) => new(activation, false, 0);

    /// <summary>Lowers and runs on one thread and on three; returns the names of the steps.</summary>
    private static string[] AssertGood(Func<HandMadeGraph, GraphValue> build, LoweringOptions options)
    {
        using var net = new HandMadeGraph(options.WeightType != DType.F32);
        var graph = net.Finish(build(net));
        using var lowered = BackendRegistry.Get(Device.Cpu).Lower(graph, options);
        double[] one = net.Run(lowered, threads: 1), three = net.Run(lowered, threads: 3);

        Assert.That(Comparison.Difference(net.Reference(), one, Tolerance.For(DType.F32, 4000)), Is.Null);
        Assert.That(Comparison.BitDifference(one, three), Is.Null);
        return [.. lowered.Steps.Select(step => step.Name)];
    }
}
