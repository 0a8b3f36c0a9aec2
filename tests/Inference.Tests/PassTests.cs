using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Inference.Tests;

/// <summary>Each optimisation where it applies and where it must not. Every call of <c>After</c> also proves that the graph computes the same as before.</summary>
public sealed class PassTests
{
    private static readonly Shape Picture = [2, 4, 5, 7];

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(typeof(SmallNets), nameof(SmallNets.All))]
    public void Optimize_OfEveryKindOfNetwork_ComputesTheSame(Func<Module> create)
    {
        using var net = create();
        using var graph = TracedGraph.Of(net, [1, 3, 33, 35]);

        string[] after = graph.After(GraphPasses.Optimize);

        Assert.That(after, Has.Length.LessThan(graph.Before.Nodes.Count));
        Assert.That(after, Has.None.EqualTo("conv2d"));
    }

    [Test]
    public void Optimize_OfASplitAttentionNetwork_LeavesOneStepForEachLayer()
    {
        using var net = new ResNet(SmallNets.ResNeSt);
        using var graph = TracedGraph.Of(net, [1, 3, 64, 64]);

        string[] after = graph.After(GraphPasses.Optimize);

        // Three of the stem and a pool; five blocks of three convolutions and a gate; four shortcuts; reshape and classifier.
        Assert.That(after.Count(name => name == "fused_conv2d"), Is.EqualTo(3 + 5 * 3 + 4));
        Assert.That(after.Count(name => name == "split_attention_gate"), Is.EqualTo(5));
        Assert.That(after.Where(name => name is not ("fused_conv2d" or "split_attention_gate")), Is.EqualTo(new[] { "max_pool2d", "reshape", "linear" }));
        Assert.That(graph.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(11), "a line each");
    }

    [Test]
    public void FoldBatchNorm_BehindAConvolution_LeavesItsBias([Values] bool bias)
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Norm(g.Conv(x, 6, kernel: 3, bias: bias)));

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d" }));
        Assert.That(graph.Log, Does.Contain("1 of 1"));
    }

    [Test]
    public void FoldBatchNorm_BehindGroups_Folds()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Norm(g.Conv(x, 8, kernel: 3, groups: 4)));

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d" }));
    }

    [Test]
    public void FoldBatchNorm_BehindALinearLayer_Folds()
    {
        using var graph = TracedGraph.Of([3, 4], (g, x) => g.Norm(x.Linear(g.Weight(x, 5, 4))));

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "linear" }));
    }

    [Test]
    public void FoldBatchNorm_BehindALinearLayerOnTheLastOfThreeAxes_IsLeft()
    {
        // The norm's channels are the middle axis, not the features.
        using var graph = TracedGraph.Of([3, 5, 4], (g, x) => g.Norm(x.Linear(g.Weight(x, 5, 4))));

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "linear", "batch_norm_inference" }));
    }

    [Test]
    public void FoldBatchNorm_OfAConvolutionThatIsReadTwice_IsLeft()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var y = g.Conv(x, 4);
            return g.Norm(y) + y;
        });

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d", "batch_norm_inference", "add" }));
    }

    [Test]
    public void FoldBatchNorm_OfAConvolutionThatIsAnOutput_IsLeft()
    {
        using var graph = TracedGraph.Of([Picture], (g, inputs) =>
        {
            var y = g.Conv(inputs[0], 4);
            return [y, g.Norm(y)];
        });

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d", "batch_norm_inference" }));
    }

    [Test]
    public void FoldBatchNorm_BehindOtherOperators_IsLeft()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Norm(g.Conv(x, 4).Relu()));

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d", "relu", "batch_norm_inference" }));
    }

    [Test]
    public void FoldBatchNorm_WithComputedWeights_IsLeft()
    {
        using var graph = TracedGraph.Of([Picture, [4, 4, 1, 1]], (g, inputs) => [g.Norm(inputs[0].Conv2d(inputs[1], ConvGeometry.Of()))]);

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d", "batch_norm_inference" }));
    }

    [Test]
    public void FoldBatchNorm_OfTwoConvolutionsWithSharedWeights_ScalesEachByItself()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var weight = g.Weight(x, 4, 4, 3, 3);
            var geometry = ConvGeometry.Of(padding: 1);
            return g.Norm(g.Norm(x.Conv2d(weight, geometry)).Conv2d(weight, geometry));
        });

        Assert.That(graph.After(FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d", "conv2d" }));
    }

    [Test]
    public void FoldBatchNorm_OfTwoNormsInARow_FoldsBothInTwoRuns()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Norm(g.Norm(g.Conv(x, 4))));

        Assert.That(graph.After(FoldBatchNorm.Run, FoldBatchNorm.Run), Is.EqualTo(new[] { "conv2d" }));
    }

    [TestCase(ActivationKind.Relu)]
    [TestCase(ActivationKind.Relu6)]
    [TestCase(ActivationKind.Silu)]
    public void FuseConvActivation_OfEveryActivation_TakesIt(ActivationKind kind)
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(x, 6, kernel: 3).Activate(kind));

        Assert.That(graph.Single<FusedConv2dOp>(FuseConvActivation.Run).Epilogue, Is.EqualTo(new ConvEpilogue(kind, false, 0)));
    }

    [Test]
    public void FuseConvActivation_OfAResidual_TakesItFromEitherSide([Values] bool left, [Values] bool relu)
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var y = g.Conv(x, 4, kernel: 3);
            var sum = left ? y + x : x + y;
            return relu ? sum.Relu() : sum;
        });

        Assert.That(graph.Single<FusedConv2dOp>(FuseConvActivation.Run).Epilogue,
            Is.EqualTo(new ConvEpilogue(relu ? ActivationKind.Relu : ActivationKind.None, true, 0)));
    }

    [Test]
    public void FuseConvActivation_WhereTwoConvolutionsMeet_JoinsTheLaterOne()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => (g.Conv(x, 6, kernel: 3) + g.Conv(x, 6)).Relu());

        Assert.That(graph.After(FuseConvActivation.Run), Is.EqualTo(new[] { "fused_conv2d", "fused_conv2d" }));
    }

    [Test]
    public void FuseConvActivation_WhereTheActivationComesBeforeTheSum_LeavesTheSum()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(x, 4).Relu() + x);

        Assert.That(graph.After(FuseConvActivation.Run), Is.EqualTo(new[] { "fused_conv2d", "add" }));
    }

    [Test]
    public void FuseConvActivation_WhereTheSumIsReadTwice_LeavesTheActivation()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var sum = g.Conv(x, 4) + x;
            return sum.Relu() - sum;
        });

        Assert.That(graph.After(FuseConvActivation.Run), Is.EqualTo(new[] { "fused_conv2d", "relu", "subtract" }));
    }

    [Test]
    public void FuseConvActivation_OfASumThatBroadcasts_IsLeft()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(x, 4) + x.Mean([2, 3], keepAxes: true));

        Assert.That(graph.After(FuseConvActivation.Run), Is.EqualTo(new[] { "fused_conv2d", "mean", "add" }));
    }

    [Test]
    public void FuseConvActivation_OfASumWithItself_IsLeft()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var y = g.Conv(x, 4);
            return y + y;
        });

        Assert.That(graph.After(FuseConvActivation.Run), Is.EqualTo(new[] { "fused_conv2d", "add" }));
    }

    [Test]
    public void FuseConvActivation_OfAConvolutionThatIsAnOutput_LeavesTheActivation()
    {
        using var graph = TracedGraph.Of([Picture], (g, inputs) =>
        {
            var y = g.Conv(inputs[0], 4);
            return [y, y.Relu()];
        });

        Assert.That(graph.After(FuseConvActivation.Run), Is.EqualTo(new[] { "fused_conv2d", "relu" }));
    }

    [Test]
    public void FuseConvActivation_OfOtherClamps_LeavesThem()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(x, 4).Clamp(-1, 6));

        Assert.That(graph.After(FuseConvActivation.Run), Is.EqualTo(new[] { "fused_conv2d", "clamp" }));
    }

    [Test]
    public void FuseRadixPool_BehindAConvolution_BecomesItsSecondOutput([Values(1, 2, 4)] int radix)
    {
        using var graph = TracedGraph.Of([Picture], (g, inputs) =>
        {
            var y = g.Conv(inputs[0], 8, kernel: 3, groups: 2).Relu();
            return [y, y.RadixSumGlobalAvgPool(radix)];
        });

        Assert.That(graph.Single<FusedConv2dOp>(FuseConvActivation.Run, FuseRadixPool.Run).Epilogue, Is.EqualTo(new ConvEpilogue(ActivationKind.Relu, false, radix)));
    }

    [TestCase("mean", 4)]
    [TestCase("mean", 2)]
    [TestCase("sum", 4)]
    [TestCase("sum", 2)]
    [TestCase("adaptive", 4)]
    [TestCase("window", 4)]
    public void FuseRadixPool_OfAnyWayToWriteAMean_TakesIt(string way, int rank)
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var y = g.Conv(x, 6);
            return way switch
            {
                "mean" => y.Mean([2, 3], keepAxes: rank == 4),
                "sum" => y.GlobalAvgPool(keepAxes: rank == 4),
                "adaptive" => y.AdaptiveAvgPool2d(1, 1),
                _ => y.AvgPool2d(new PoolGeometry(5, 7, 5, 7, 0, 0, 0, 0, 1, 1, false)),
            };
        });

        Assert.That(graph.After(FuseConvActivation.Run, FuseRadixPool.Run), Is.EqualTo(rank == 4 ? ["fused_conv2d"] : new[] { "fused_conv2d", "reshape" }));
    }

    [Test]
    public void FuseRadixPool_OfOtherMeans_LeavesThem()
    {
        using var graph = TracedGraph.Of([Picture], (g, inputs) =>
        {
            var y = g.Conv(inputs[0], 6);
            return [y.Mean([1]), y.Mean([3]), y.AdaptiveAvgPool2d(1, 2), y.AvgPool2d(PoolGeometry.Of(5, 1, 0)), y.Sum([2, 3]) * 0.5];
        });

        Assert.That(graph.After(FuseConvActivation.Run, FuseRadixPool.Run),
            Is.EqualTo(new[] { "fused_conv2d", "mean", "mean", "adaptive_avg_pool2d", "avg_pool2d", "sum", "affine" }));
    }

    [Test]
    public void FuseRadixPool_OfTwoRadixes_TakesOne()
    {
        using var graph = TracedGraph.Of([Picture], (g, inputs) =>
        {
            var y = g.Conv(inputs[0], 8);
            return [y.RadixSumGlobalAvgPool(2), y.RadixSumGlobalAvgPool(4)];
        });

        Assert.That(graph.After(FuseConvActivation.Run, FuseRadixPool.Run), Is.EqualTo(new[] { "fused_conv2d", "radix_sum_global_avg_pool" }));
    }

    [Test]
    public void FusePoolShortcut_BeforeAPointwiseConvolution_JoinsThem()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(x.AvgPool2d(PoolGeometry.Of(2, 2, ceilMode: true), countPadding: false), 6));

        Assert.That(graph.Single<FusedConv2dOp>(FuseConvActivation.Run, FusePoolShortcut.Run).Prologue.Pool, Is.Not.Null);
    }

    [TestCase(3, 1, 1)]
    [TestCase(1, 2, 1)]
    [TestCase(3, 1, 2)]
    public void FusePoolShortcut_BeforeOtherConvolutions_IsLeft(int kernel, int stride, int dilation)
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(x.AvgPool2d(PoolGeometry.Of(3, 1, 1)), 6, kernel, stride, dilation: dilation));

        Assert.That(graph.After(FuseConvActivation.Run, FusePoolShortcut.Run), Is.EqualTo(new[] { "avg_pool2d", "fused_conv2d" }));
    }

    [Test]
    public void FusePoolShortcut_OfAPoolThatIsAlsoTheResidual_IsLeft()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var pooled = x.AvgPool2d(PoolGeometry.Of(3, 2, 1));
            return g.Conv(pooled, 4) + pooled;
        });

        Assert.That(graph.After(FuseConvActivation.Run, FusePoolShortcut.Run), Is.EqualTo(new[] { "avg_pool2d", "fused_conv2d" }));
    }

    [Test]
    public void FusePoolShortcut_OfTwoPoolsInARow_JoinsTheSecond()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(x.AvgPool2d(PoolGeometry.Of(3, 1, 1)).AvgPool2d(PoolGeometry.Of(2, 1)), 6));

        Assert.That(graph.After(FuseConvActivation.Run, FusePoolShortcut.Run, FusePoolShortcut.Run), Is.EqualTo(new[] { "avg_pool2d", "fused_conv2d" }));
    }

    [TestCase(2, 1)]
    [TestCase(2, 2)]
    [TestCase(1, 2)]
    public void FuseAttentionGate_OfSplitAttention_IsOneStep(int radix, int cardinality)
    {
        using var graph = TracedGraph.Of([2, 4, 1, 1], (g, x) => Gate(g, x, radix, cardinality, cardinality));

        Assert.That(graph.Single<SplitAttentionGateOp>(GraphPasses.Optimize), Is.EqualTo(new SplitAttentionGateOp(radix, cardinality, ActivationKind.Relu)));
    }

    [Test]
    public void FuseAttentionGate_OfSqueezeAndExcitation_IsOneStep()
    {
        using var graph = TracedGraph.Of([2, 4, 1, 1], (g, x) => g.Conv(g.Conv(x, 2, bias: true).Silu(), 4, bias: true).Sigmoid());

        Assert.That(graph.Single<SplitAttentionGateOp>(GraphPasses.Optimize), Is.EqualTo(new SplitAttentionGateOp(1, 1, ActivationKind.Silu)));
    }

    [Test]
    public void FuseAttentionGate_WhereTheLayersHaveOtherGroupsThanTheSoftmax_IsLeft()
    {
        using var graph = TracedGraph.Of([2, 4, 1, 1], (g, x) => Gate(g, x, radix: 2, cardinality: 2, groups: 1));

        Assert.That(graph.After(GraphPasses.Optimize), Is.EqualTo(new[] { "fused_conv2d", "fused_conv2d", "radix_softmax" }));
    }

    [Test]
    public void FuseAttentionGate_WithAnActivationBehindTheSecondLayer_IsLeft()
    {
        using var graph = TracedGraph.Of([2, 4, 1, 1], (g, x) => g.Conv(g.Conv(x, 2).Relu(), 4).Relu().Sigmoid());

        Assert.That(graph.After(GraphPasses.Optimize), Is.EqualTo(new[] { "fused_conv2d", "fused_conv2d", "sigmoid" }));
    }

    [Test]
    public void FuseAttentionGate_OnAWholePicture_IsLeft()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => g.Conv(g.Conv(x, 2).Relu(), 4).Sigmoid());

        Assert.That(graph.After(GraphPasses.Optimize), Is.EqualTo(new[] { "fused_conv2d", "fused_conv2d", "sigmoid" }));
    }

    [Test]
    public void FuseAttentionGate_WhereTheHiddenLayerIsReadTwice_IsLeft()
    {
        using var graph = TracedGraph.Of([[2, 4, 1, 1]], (g, inputs) =>
        {
            var hidden = g.Conv(inputs[0], 2).Relu();
            return [hidden, g.Conv(hidden, 4).Sigmoid()];
        });

        Assert.That(graph.After(GraphPasses.Optimize), Is.EqualTo(new[] { "fused_conv2d", "fused_conv2d", "sigmoid" }));
    }

    [Test]
    public void FuseAttentionSum_WithAndWithoutAPool_IsLoadedByTheConvolution([Values] bool pool, [Values] bool residual)
    {
        Shape[] shapes = [[2, 8, 5, 7], [2, 8, 1, 1], pool ? [2, 6, 3, 4] : [2, 6, 5, 7]];
        using var graph = TracedGraph.Of(shapes, (g, inputs) =>
        {
            var x = inputs[0].AttentionWeightedSum(inputs[1], 2);
            var y = g.Conv(pool ? x.AvgPool2d(PoolGeometry.Of(3, 2, 1)) : x, 6);
            return [residual ? (y + inputs[2]).Relu() : y];
        });

        var op = graph.Single<FusedConv2dOp>(GraphPasses.Optimize);

        Assert.That(op.Prologue.AttentionRadix, Is.EqualTo(2));
        Assert.That(op.Prologue.Pool is not null, Is.EqualTo(pool));
        Assert.That(op.Epilogue.Residual, Is.EqualTo(residual));
    }

    [Test]
    public void FuseAttentionSum_OfAChannelGate_IsLoadedByTheConvolution([Values] bool left)
    {
        using var graph = TracedGraph.Of([Picture, [2, 4, 1, 1]], (g, inputs) => [g.Conv(left ? inputs[1] * inputs[0] : inputs[0] * inputs[1], 6)]);

        Assert.That(graph.Single<FusedConv2dOp>(GraphPasses.Optimize).Prologue.AttentionRadix, Is.EqualTo(1));
    }

    [Test]
    public void FuseAttentionSum_OfOtherProducts_IsLeft()
    {
        using var graph = TracedGraph.Of([Picture, [2, 1, 5, 7], [1, 4, 1, 1]], (g, inputs) => [g.Conv(inputs[0] * inputs[1], 6), g.Conv(inputs[0] * inputs[2], 6), g.Conv(inputs[0] * inputs[0], 6)]);

        Assert.That(graph.After(GraphPasses.Optimize).Count(name => name == "multiply"), Is.EqualTo(3));
    }

    [Test]
    public void FuseAttentionSum_ThatIsReadTwice_IsLeft()
    {
        using var graph = TracedGraph.Of([[2, 8, 5, 7], [2, 8]], (g, inputs) =>
        {
            var x = inputs[0].AttentionWeightedSum(inputs[1], 2);
            return [g.Conv(x, 4) + x];
        });

        Assert.That(graph.After(GraphPasses.Optimize), Is.EqualTo(new[] { "attention_weighted_sum", "fused_conv2d" }));
    }

    [Test]
    public void FuseAttentionSum_OfAPoolBeforeTheAttention_KeepsTheOrder()
    {
        using var graph = TracedGraph.Of([[2, 8, 5, 7], [2, 8]], (g, inputs) =>
            [g.Conv(inputs[0].AvgPool2d(PoolGeometry.Of(3, 2, 1)).AttentionWeightedSum(inputs[1], 2), 4)]);

        Assert.That(graph.After(GraphPasses.Optimize, GraphPasses.Optimize), Is.EqualTo(new[] { "avg_pool2d", "fused_conv2d" }));
    }

    [Test]
    public void RemoveNoOps_OfReshapes_JoinsAndDropsThem()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => (x.Reshape([8, 35]).Reshape([2, 140]).Reshape(Picture) * 1.0 + x).Reshape([280]).Reshape([4, 70]));

        Assert.That(graph.After(RemoveNoOps.Run, EliminateDeadNodes.Run), Is.EqualTo(new[] { "add", "reshape" }));
    }

    [Test]
    public void RemoveNoOps_OfWhatChangesSomething_LeavesIt()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) => (x * 2.0 + 1.0).AvgPool2d(PoolGeometry.Of(1, 2)));

        Assert.That(graph.After(RemoveNoOps.Run), Has.Length.EqualTo(3));
    }

    [Test]
    public void FoldConstants_OfStandardizedWeights_LeavesTheConvolution()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            var weight = g.Weight(x, 6, 4, 3, 3);
            return x.Conv2d(weight - weight.Mean([1, 2, 3], keepAxes: true), ConvGeometry.Of(padding: 1));
        });

        Assert.That(graph.After(FoldConstants.Run), Is.EqualTo(new[] { "conv2d" }));
    }

    [Test]
    public void FoldConstants_ThatWouldFillAPicture_AreLeft()
    {
        using var graph = TracedGraph.Of([1, 1, 128, 128], (g, x) => x + g.Weight(x, 1, 1, 1, 1).BroadcastTo(x.Shape));

        Assert.That(graph.After(FoldConstants.Run), Is.EqualTo(new[] { "broadcast_to", "add" }));
    }

    [Test]
    public void EliminateDeadNodes_OfAnUnreadBranch_DropsItWhole()
    {
        using var graph = TracedGraph.Of(Picture, (g, x) =>
        {
            _ = g.Conv(x, 4).Relu();
            return -x;
        });

        Assert.That(graph.After(EliminateDeadNodes.Run), Is.EqualTo(new[] { "negate" }));
    }

    private static Tensor Gate(TracedGraph g, Tensor x, int radix, int cardinality, int groups)
    {
        var hidden = g.Norm(g.Conv(x, 4, groups: groups, bias: true)).Relu();
        return g.Conv(hidden, radix * 4, groups: groups, bias: true).RadixSoftmax(radix, cardinality);
    }
}
