using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Where one attention is a special case of another, both compute the same.</summary>
public sealed class AttentionIdentityTests
{
    private const int Channels = 32;
    private TensorScope _scope = null!;

    [SetUp]
    public void Open() => _scope = new TensorScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void SplitAttentionOfRadixOne_WithIdleNorm_IsSqueezeExcitation()
    {
        using var split = Filled(new SplitAttention(Channels, Channels, radix: 1));
        using var squeeze = Filled(new SqueezeExcitation(Channels, hidden: 32));
        foreach (string key in new[] { "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias" })
            Assign(squeeze, key, State(split, key).ToDoubles());
        Assign(split, "bn1.weight", Enumerable.Repeat(1.0, 32).ToArray());
        Assign(split, "bn1.bias", new double[32]);
        Assign(split, "bn1.running_mean", new double[32]);
        Assign(split, "bn1.running_var", Enumerable.Repeat(1 - 1e-5, 32).ToArray());
        var x = Input(Channels);

        var map = Part(split, "bn0").Forward(Part(split, "conv").Forward(x)).Relu();

        AssertSame(split.Forward(x), squeeze.Forward(map));
    }

    [Test]
    public void SoftmaxOverTwoSplits_IsTheSigmoidOfTheirDifference()
    {
        var logits = Input(2 * Channels).GlobalAvgPool(keepAxes: true);
        var halves = logits.Chunk(2, 1);

        var first = (halves[0] - halves[1]).Sigmoid();

        AssertSame(logits.RadixSoftmax(2, 1), Tensor.Concat(1, first, 1 - first));
    }

    /// <summary>A dilated 3×3 window is a 5×5 one with zeros between its taps, so one grouped 5×5 convolution holds both branches.</summary>
    [Test]
    public void SelectiveKernelOfSplitInput_IsSplitAttentionWithADilationForEachSplit()
    {
        using var select = Filled(new SelectiveKernel(Channels, Channels, hidden: 32, groups: 1, splitInput: true));
        using var split = Filled(new SplitAttention(Channels, Channels, kernel: 5, padding: 2, radix: 2));
        Assign(split, "conv.weight", [.. Widened(select, 0), .. Widened(select, 1)]);
        foreach (string part in new[] { "weight", "bias", "running_mean", "running_var" })
        {
            Assign(split, $"bn0.{part}", [.. State(select, $"paths.0.bn.{part}").ToDoubles(), .. State(select, $"paths.1.bn.{part}").ToDoubles()]);
            Assign(split, $"bn1.{part}", State(select, $"attn.bn.{part}").ToDoubles());
        }

        Assign(split, "fc1.weight", State(select, "attn.fc_reduce.weight").ToDoubles());
        Assign(split, "fc1.bias", new double[32]);
        Assign(split, "fc2.weight", State(select, "attn.fc_select.weight").ToDoubles());
        Assign(split, "fc2.bias", new double[2 * Channels]);
        var x = Input(Channels);

        AssertSame(select.Forward(x), split.Forward(x));
    }

    [Test]
    public void GlobalContext_AveragedAndMultiplied_IsSqueezeExcitationWithLayerNorm()
    {
        using var context = Filled(new GlobalContext(Channels, hidden: 8, ContextPooling.Average, ContextFusion.Multiply));
        var x = Input(Channels);
        Tensor Weight(string key) => State(context, $"channel_mul_conv.{key}");

        var hidden = x.GlobalAvgPool().Linear(Weight("0.weight").Reshape([8, Channels]), Weight("0.bias"));
        hidden = hidden.LayerNorm(1, Weight("1.weight").Reshape([8]), Weight("1.bias").Reshape([8])).Relu();
        var gate = hidden.Linear(Weight("3.weight").Reshape([Channels, 8]), Weight("3.bias")).Sigmoid();

        AssertSame(context.Forward(x), x * gate.Reshape([2, Channels, 1, 1]));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void ConcurrentSqueeze_IsMadeOfTheGatesOfChannelsAndOfPositions(bool larger)
    {
        using var both = Filled(new ConcurrentSqueezeExcitation(Channels, hidden: 16, larger));
        using var channels = Filled(new SqueezeExcitation(Channels, hidden: 16));
        using var positions = Filled(new SpatialSqueeze(Channels));
        foreach (string part in new[] { "weight", "bias" })
        {
            Assign(channels, $"fc1.{part}", State(both, $"cse.1.{part}").ToDoubles());
            Assign(channels, $"fc2.{part}", State(both, $"cse.3.{part}").ToDoubles());
            Assign(positions, $"conv.{part}", State(both, $"sse.0.{part}").ToDoubles());
        }

        var x = Input(Channels);
        var (c, s) = (channels.Forward(x), positions.Forward(x));

        AssertSame(both.Forward(x), larger ? c.Maximum(s) : c + s);
    }

    [TestCase(64, 3)]
    [TestCase(256, 5)]
    [TestCase(2048, 7)]
    public void EfficientChannelAttention_HasTheTapsOfItsRule(int channels, int taps)
    {
        using var block = new EfficientChannelAttention(channels);

        Assert.That(block.NamedState().Single().State.Shape, Is.EqualTo(Shape.Create([1, 1, taps])));
    }

    [Test]
    public void EfficientChannelAttention_WeighsNeighbouringChannels()
    {
        using var block = Filled(new EfficientChannelAttention(Channels));
        var x = Input(Channels);
        double[] taps = State(block, "conv.weight").ToDoubles(), means = x.GlobalAvgPool().ToDoubles();
        var gates = new double[2 * Channels];
        for (int i = 0; i < gates.Length; i++)
        {
            double logit = 0;
            for (int t = -1; t <= 1; t++)
            {
                if (i % Channels + t is >= 0 and < Channels)
                    logit += taps[t + 1] * means[i + t];
            }

            gates[i] = 1 / (1 + Math.Exp(-logit));
        }

        AssertSame(block.Forward(x), x * Tensor.FromDoubles(gates, new TensorSpec([2, Channels, 1, 1], DType.F64), Device.Reference));
    }

    /// <summary>With φ = 0 all positions match alike: the embedded form's weights are then one over their number.</summary>
    [Test]
    public void NonLocal_OfEqualMatches_IsTheMeanForEveryPosition()
    {
        using var block = Filled(new NonLocal(Channels, inner: 16));
        foreach (string part in new[] { "weight", "bias" })
            Assign(block, $"phi.conv.{part}", new double[State(block, $"phi.conv.{part}").Shape.ElementCount]);
        var x = Input(Channels);

        var mean = Part(block, "g").Forward(x).GlobalAvgPool(keepAxes: true);

        AssertSame(block.Forward(x), x + Part(block, "conv_out").Forward(mean));
    }

    /// <summary>The concatenated pairs, made one by one.</summary>
    [Test]
    public void NonLocalConcatenation_ComparesEveryPair()
    {
        using var block = Filled(new NonLocal(Channels, inner: 4, NonLocalForm.Concatenation));
        var x = Input(Channels);
        int positions = x.Shape.Product(2, 4);
        var (theta, phi, g) = (Rows("theta"), Rows("phi"), Rows("g"));
        double[] weight = State(block, "concat_project.conv.weight").ToDoubles();
        var sums = new double[2 * 4 * positions];
        for (int n = 0; n < 2; n++)
        {
            for (int i = 0; i < positions; i++)
            {
                for (int j = 0; j < positions; j++)
                {
                    double match = 0;
                    for (int c = 0; c < 4; c++)
                        match += weight[c] * theta[(n * 4 + c) * positions + i] + weight[4 + c] * phi[(n * 4 + c) * positions + j];
                    for (int c = 0; c < 4; c++)
                        sums[(n * 4 + c) * positions + i] += Math.Max(match, 0) / positions * g[(n * 4 + c) * positions + j];
                }
            }
        }

        var spec = new TensorSpec([2, 4, x.Shape[2], x.Shape[3]], DType.F64);
        AssertSame(block.Forward(x), x + Part(block, "conv_out").Forward(Tensor.FromDoubles(sums, spec, Device.Reference)));

        double[] Rows(string key) => Part(block, key).Forward(x).ToDoubles();
    }

    /// <summary>Every pair of positions, made one by one.</summary>
    [TestCase(NonLocalForm.Gaussian)]
    [TestCase(NonLocalForm.DotProduct)]
    [TestCase(NonLocalForm.EmbeddedGaussian)]
    public void NonLocal_OfAForm_WeighsEveryPair(NonLocalForm form)
    {
        const int Inner = 4;
        using var block = Filled(new NonLocal(Channels, Inner, form));
        var x = Input(Channels);
        int positions = x.Shape.Product(2, 4), compared = form == NonLocalForm.Gaussian ? Channels : Inner;
        double[] theta = Rows("theta"), phi = Rows("phi"), g = Part(block, "g").Forward(x).ToDoubles();
        var sums = new double[2 * Inner * positions];
        for (int n = 0; n < 2; n++)
        {
            for (int i = 0; i < positions; i++)
            {
                var weights = new double[positions];
                for (int j = 0; j < positions; j++)
                {
                    for (int c = 0; c < compared; c++)
                        weights[j] += theta[(n * compared + c) * positions + i] * phi[(n * compared + c) * positions + j];
                }

                if (form != NonLocalForm.DotProduct)
                    weights = [.. weights.Select(weight => Math.Exp(form == NonLocalForm.Gaussian ? weight : weight / Math.Sqrt(Inner)))];
                double whole = form == NonLocalForm.DotProduct ? positions : weights.Sum();
                for (int c = 0; c < Inner; c++)
                    sums[(n * Inner + c) * positions + i] = weights.Select((weight, j) => weight / whole * g[(n * Inner + c) * positions + j]).Sum();
            }
        }

        var spec = new TensorSpec([2, Inner, x.Shape[2], x.Shape[3]], DType.F64);
        AssertSame(block.Forward(x), x + Part(block, "conv_out").Forward(Tensor.FromDoubles(sums, spec, Device.Reference)));

        double[] Rows(string key) => (form == NonLocalForm.Gaussian ? x : Part(block, key).Forward(x)).ToDoubles();
    }

    [Test]
    public void SpatialSqueeze_GatesEachPositionByAllItsChannels()
    {
        using var block = Filled(new SpatialSqueeze(Channels));
        var x = Input(Channels);
        double[] weight = State(block, "conv.weight").ToDoubles();
        double bias = State(block, "conv.bias").ToDoubles()[0];

        AssertSame(block.Forward(x), Mapped(x, (n, c, position, at) => at(c) / (1 + Math.Exp(-bias - Enumerable.Range(0, Channels).Sum(k => weight[k] * at(k))))));
    }

    [Test]
    public void SimplifiedNonLocal_AddsOneContextToAllPositions()
    {
        using var block = Filled(new SimplifiedNonLocal(Channels));
        var x = Input(Channels);
        int positions = x.Shape.Product(2, 4);
        double[] mask = State(block, "conv_mask.weight").ToDoubles(), weight = State(block, "conv_out.weight").ToDoubles(), bias = State(block, "conv_out.bias").ToDoubles();
        double[] values = x.ToDoubles();
        var contexts = new double[2, Channels];
        for (int n = 0; n < 2; n++)
        {
            double At(int c, int i) => values[(n * Channels + c) * positions + i];
            // The bias of the mask is the same everywhere: a softmax does not see it.
            double[] weights = [.. Enumerable.Range(0, positions).Select(i => Math.Exp(Enumerable.Range(0, Channels).Sum(c => mask[c] * At(c, i))))];
            for (int c = 0; c < Channels; c++)
                contexts[n, c] = Enumerable.Range(0, positions).Sum(i => weights[i] * At(c, i)) / weights.Sum();
        }

        AssertSame(block.Forward(x), Mapped(x, (n, c, position, at) => at(c) + bias[c] + Enumerable.Range(0, Channels).Sum(k => weight[c * Channels + k] * contexts[n, k])));
    }

    /// <summary>The paper's other arrangements (section 3 and table 3): the gates in the other order, and side by side, where their logits are
    /// added before one sigmoid. The authors' code has the published order alone.</summary>
    [TestCase(GateOrder.ChannelFirst)]
    [TestCase(GateOrder.PositionFirst)]
    [TestCase(GateOrder.Parallel)]
    public void ConvolutionalAttention_InEachOrder_AppliesItsGates(GateOrder order)
    {
        using var block = Filled(new ConvolutionalAttention(Channels, hidden: 2, order));
        var x = Input(Channels);

        var expected = order switch
        {
            GateOrder.ChannelFirst => ByPosition(ByChannel(x)),
            GateOrder.PositionFirst => ByChannel(ByPosition(x)),
            _ => x * (ChannelLogits(x) + PositionLogits(x)).Sigmoid(),
        };

        AssertSame(block.Forward(x), expected);

        Tensor ByChannel(Tensor map) => map * ChannelLogits(map).Sigmoid();
        Tensor ByPosition(Tensor map) => map * PositionLogits(map).Sigmoid();

        Tensor ChannelLogits(Tensor map)
        {
            Tensor Layer(Tensor rows, string key) => rows.Linear(State(block, $"ChannelGate.mlp.{key}.weight"), State(block, $"ChannelGate.mlp.{key}.bias"));
            Tensor Mlp(Tensor rows) => Layer(Layer(rows, "1").Relu(), "3");
            return (Mlp(map.Mean([2, 3])) + Mlp(map.Max([2, 3]))).Reshape([2, Channels, 1, 1]);
        }

        Tensor PositionLogits(Tensor map)
        {
            var both = Tensor.Concat(1, map.Max([1], keepAxes: true), map.Mean([1], keepAxes: true));
            double Bn(string part) => State(block, $"SpatialGate.spatial.bn.{part}").ToDoubles()[0];
            var logits = both.Conv2d(State(block, "SpatialGate.spatial.conv.weight"), ConvGeometry.Of(padding: 3));
            return (logits - Bn("running_mean")) * (Bn("weight") / Math.Sqrt(Bn("running_var") + 1e-5)) + Bn("bias");
        }
    }

    /// <summary>A map made element by element, from sample, channel, position, and the values of all channels at that position.</summary>
    private static Tensor Mapped(Tensor x, Func<int, int, int, Func<int, double>, double> make)
    {
        int positions = x.Shape.Product(2, 4);
        double[] values = x.ToDoubles(), result = new double[values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            int n = i / (Channels * positions), c = i / positions % Channels, position = i % positions;
            result[i] = make(n, c, position, k => values[(n * Channels + k) * positions + position]);
        }

        return Tensor.FromDoubles(result, x.Spec, Device.Reference);
    }

    private static double[] Widened(Module select, int branch)
    {
        double[] narrow = State(select, $"paths.{branch}.conv.weight").ToDoubles();
        var wide = new double[narrow.Length / 9 * 25];
        for (int i = 0; i < narrow.Length; i++)
        {
            var (window, tap) = (i / 9, i % 9);
            int row = 2 + (branch + 1) * (tap / 3 - 1), column = 2 + (branch + 1) * (tap % 3 - 1);
            wide[window * 25 + row * 5 + column] = narrow[i];
        }

        return wide;
    }

    private static T Filled<T>(T module)
        where T : Module
    {
        module.MaterializeEmpty(Device.Reference, DType.F64);
        module.Eval();
        GoldenWeights.Fill(module);
        return module;
    }

    private static Module Part(Module module, string name) => module.NamedModules().Single(entry => entry.Name == name).Module;

    private static Tensor State(Module module, string name) => module.NamedState().Single(entry => entry.Name == name).State.Value;

    private static void Assign(Module module, string name, double[] values) => State(module, name).AssignRounded(values);

    private static Tensor Input(int channels) =>
        Tensor.FromDoubles(GoldenWeights.Values("x", [2, channels, 5, 7]), new TensorSpec([2, channels, 5, 7], DType.F64), Device.Reference);

    private static void AssertSame(Tensor actual, Tensor expected)
    {
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape));
        Assert.That(actual.ToDoubles(), Is.EqualTo(expected.ToDoubles()).Within(1e-12));
    }
}
