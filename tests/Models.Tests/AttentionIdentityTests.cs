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

    [Test]
    public void ConvolutionalAttention_InItsThreeOrders_Differs()
    {
        var x = Input(Channels);
        var outputs = Enum.GetValues<GateOrder>().Select(order =>
        {
            using var block = Filled(new ConvolutionalAttention(Channels, hidden: 2, order));
            return block.Forward(x).ToDoubles();
        }).ToList();

        Assert.That(outputs[0], Is.Not.EqualTo(outputs[1]).Within(1e-3));
        Assert.That(outputs[0], Is.Not.EqualTo(outputs[2]).Within(1e-3));
        Assert.That(outputs[1], Is.Not.EqualTo(outputs[2]).Within(1e-3));
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
