using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>What compiled sessions join: convolutions with all that happens around them, and the small layers of split attention. Each part alone,
/// the combinations of the published networks, odd pictures, one pixel, no sample.</summary>
public static class FusedCases
{
    private static readonly ConvPrologue Nothing = new(0, null);
    private static readonly ConvEpilogue Store = new(ActivationKind.None, false, 0);
    private static readonly AvgPool2dOp Halving = new(PoolGeometry.Of(2, 2, ceilMode: true), CountPadding: false, DivisorOverride: 0);
    private static readonly AvgPool2dOp Stepping = new(PoolGeometry.Of(3, 2, 1), CountPadding: true, DivisorOverride: 0);

    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        Conv("bias alone", [2, 5, 5, 7], [6, 5, 3, 3], ConvGeometry.Of(padding: 1), Nothing, Store),
        Conv("relu", [1, 4, 3, 5], [3, 4, 1, 1], ConvGeometry.Of(), Nothing, Store with { Activation = ActivationKind.Relu }),
        Conv("relu6", [1, 4, 5, 3], [4, 1, 3, 3], ConvGeometry.Of(stride: 2, padding: 1, groups: 4), Nothing, Store with { Activation = ActivationKind.Relu6 }),
        Conv("silu", [2, 3, 5, 5], [4, 3, 3, 3], ConvGeometry.Of(padding: 2, dilation: 2), Nothing, Store with { Activation = ActivationKind.Silu }),
        Conv("residual", [2, 4, 3, 3], [5, 4, 1, 1], ConvGeometry.Of(), Nothing, Store with { Residual = true, Activation = ActivationKind.Relu }),
        Conv("pooled splits", [2, 4, 5, 7], [8, 2, 3, 3], ConvGeometry.Of(padding: 1, groups: 2), Nothing, new(ActivationKind.Relu, false, 2)),
        Conv("pooled residual", [2, 4, 5, 3], [6, 4, 1, 1], ConvGeometry.Of(), Nothing, new(ActivationKind.Relu, true, 1)),
        Conv("pool before", [1, 4, 5, 7], [6, 4, 1, 1], ConvGeometry.Of(), Nothing with { Pool = Halving }, Store),
        Conv("attention before", [2, 12, 5, 3], [4, 6, 1, 1], ConvGeometry.Of(), Nothing with { AttentionRadix = 2 }, Store with { Residual = true, Activation = ActivationKind.Relu }),
        Conv("attention and pool before", [2, 12, 7, 5], [4, 4, 1, 1], ConvGeometry.Of(), new(3, Stepping), new(ActivationKind.Silu, true, 2)),
        Conv("radix 1 before", [1, 6, 3, 3], [4, 6, 1, 1], ConvGeometry.Of(), new(1, null), Store),
        Conv("one pixel", [2, 6, 1, 1], [4, 3, 1, 1], ConvGeometry.Of(), new(2, null), new(ActivationKind.Relu, true, 2)),
        Conv("no sample", [0, 4, 3, 3], [4, 2, 1, 1], ConvGeometry.Of(), new(2, null), new(ActivationKind.Relu, true, 2)),
        Conv("resnest50 layer2 splits", [1, 128, 28, 28], [256, 64, 3, 3], ConvGeometry.Of(padding: 1, groups: 2), Nothing, new(ActivationKind.Relu, false, 2)) with { Large = true },
        Conv("resnest50 layer3 end", [1, 512, 14, 14], [1024, 256, 1, 1], ConvGeometry.Of(), new(2, null), new(ActivationKind.Relu, true, 0)) with { Large = true },
        Conv("resnest50 layer2 shortcut", [1, 256, 56, 56], [512, 256, 1, 1], ConvGeometry.Of(), Nothing with { Pool = Halving }, Store) with { Large = true },

        Gate("resnest50 layer1", 2, 1, 1, 64, 32, 128),
        Gate("fast 4s2x40d layer1", 4, 2, 2, 80, 80, 320) with { Large = true },
        Gate("radix 2 cardinality 3", 2, 3, 2, 6, 9, 24),
        Gate("squeeze and excitation", 1, 1, 2, 8, 2, 8),
        Gate("no sample", 2, 1, 0, 4, 2, 8),
    ];

    private static OpCase Conv(string name, OpInput x, OpInput weight, ConvGeometry geometry, ConvPrologue prologue, ConvEpilogue epilogue)
    {
        var op = new FusedConv2dOp(geometry, prologue, epilogue);
        List<OpInput> inputs = [x, weight, [weight.Shape[0]]];
        if (prologue.AttentionRadix > 0)
            inputs.Add([x.Shape[0], x.Shape[1]]);
        var specs = inputs.ConvertAll(input => new TensorSpec(input.Shape, DType.F32));
        if (epilogue.Residual)
        {
            var convolved = new FusedConv2dOp(geometry, prologue, Store).Infer([.. specs])[0];
            inputs.Add(new OpInput(convolved.Shape));
            specs.Add(convolved);
        }

        int terms = weight.Shape.Product(1, 4) * Math.Max(1, prologue.AttentionRadix) + 2;
        var y = op.Infer([.. specs])[0].Shape;
        return new OpCase(name, op, [.. inputs]) { Terms = terms + Math.Max(0, epilogue.PoolRadix * y[2] * y[3]) };
    }

    private static OpCase Gate(string name, int radix, int cardinality, int samples, int channels, int hidden, int outputs) =>
        new(name, new SplitAttentionGateOp(radix, cardinality, ActivationKind.Relu),
            [samples, channels, 1, 1], [hidden, channels / cardinality, 1, 1], [hidden], [outputs, hidden / cardinality, 1, 1], [outputs]) { Terms = channels + hidden };
}
