using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>The edges that every operator must survive, where its family's cases leave them out: no picture, one pixel, odd sizes.</summary>
public static class EdgeCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => [.. EmptyBatches, .. OnePixel, .. OddSizes];

    // Whatever is computed from no pictures is empty or zero, and nothing divides by their number.
    private static IEnumerable<OpCase> EmptyBatches =>
    [
        new("empty batch", new AdaptiveAvgPool2dGradOp(5, 7), [0, 3, 2, 2]),
        new("empty batch", new ArgMaxOp(1), [0, 10]),
        new("empty batch", new AvgPool2dGradOp(PoolGeometry.Of(3, 2, 1), true, 0, 8, 7), [0, 3, 4, 4]),
        new("empty batch", new BatchNormTrainGradOp(1e-5), [0, 3, 2, 2], [3], [3], Positive(3), [0, 3, 2, 2]),
        new("empty batch", new ConvTranspose2dOp(ConvGeometry.Of(stride: 2, padding: 1), 1, 1), [0, 3, 4, 5], [3, 4, 3, 3], [4]),
        new("empty batch", new EqualOp(), [0, 5], [5]),
        new("empty batch", new NllLossOp(Reduction.Sum), [0, 10], Labels(10, 0)),
        new("empty batch", new PadGradOp(2, 1, 2, PadMode.Reflect), [0, 3, 9]),
        new("empty batch", new ReshapeOp([0, 12]), [0, 3, 4]),
        new("indices to a scalar", new ReshapeOp([]), new OpInput([1, 1], InputValues.Indices) { DType = DType.I64, Bound = 9 }),
    ];

    private static IEnumerable<OpCase> OnePixel =>
    [
        new("one pixel", new AdaptiveAvgPool2dOp(2, 3), [2, 3, 1, 1]),
        new("one pixel", new AvgPool2dGradOp(PoolGeometry.Of(3, 1, 1), true, 0, 1, 1), [2, 3, 1, 1]),
        new("one pixel", new BatchNormInferenceGradOp(1e-5), [2, 3, 1, 1], [3], [3], Positive(3), [2, 3, 1, 1]) { Terms = 2 },
        new("one pixel", new BatchNormTrainGradOp(1e-5), [5, 3, 1, 1], [3], [3], Positive(3), [5, 3, 1, 1]) { Terms = 5 },
        new("one pixel", new ClampGradOp(-0.5, 0.5), Distinct(2, 3, 1, 1), [2, 3, 1, 1]),
        new("one pixel", new ConcatOp(1), [2, 3, 1, 1], [2, 1, 1, 1]),
        new("one pixel", new CrossEntropyOp(0.1), [2, 5, 1, 1], Labels(5, 2, 1, 1)) { Terms = 10 },
        new("one pixel", new GroupNormOp(2, 1e-5), [2, 6, 1, 1], [6], [6]) { Terms = 3 },
        new("one pixel", new LeakyReluGradOp(0.1), Distinct(2, 3, 1, 1), [2, 3, 1, 1]),
        new("one pixel", new LogSoftmaxOp(1), [2, 5, 1, 1]) { Terms = 5 },
        new("one pixel", new LogSoftmaxGradOp(1), [2, 5, 1, 1], [2, 5, 1, 1]) { Terms = 5 },
        new("one element", new MatMulOp(false, true), [2, 3, 1, 1], [2, 3, 1, 1]),
        new("one pixel", new MaxPool2dGradOp(1, 1), Fixed(2, 3, 1, 1), new OpInput([2, 3, 1, 1], InputValues.Indices) { DType = DType.I32, Bound = 1 }),
        new("one pixel", new NllLossOp(), [2, 5, 1, 1], Labels(5, 2, 1, 1)) { Terms = 2 },
        new("one pixel", new PadOp(3, 1, 2, PadMode.Replicate), [2, 3, 1, 1]),
        new("one pixel", new PermuteOp([0, 3, 1, 2]), [2, 3, 1, 1]),
        new("one pixel", new ReluOp(), Distinct(2, 3, 1, 1)),
        new("one pixel", new ReluGradOp(), Distinct(2, 3, 1, 1), [2, 3, 1, 1]),
        new("one pixel", new SgdStepOp(0.1, 0.9, 1e-4, true), [4, 3, 1, 1], [4, 3, 1, 1], [4, 3, 1, 1]),
        new("one pixel", new SiluOp(), [2, 3, 1, 1]),
        new("one pixel", new SiluGradOp(), [2, 3, 1, 1], [2, 3, 1, 1]),
        new("one pixel", new SliceOp(1, 1, 2), [2, 3, 1, 1]),
        new("one pixel", new SoftmaxOp(1), [2, 5, 1, 1]) { Terms = 5 },
        new("one pixel", new SoftmaxGradOp(1), [2, 5, 1, 1], [2, 5, 1, 1]) { Terms = 5 },
        new("one pixel", new VarianceOp([1], true, 1), [2, 5, 1, 1]) { Terms = 5 },
        new("one pixel", new WhereOp(), Fixed(2, 3, 1, 1), [2, 3, 1, 1], [2, 1, 1, 1]),
    ];

    private static IEnumerable<OpCase> OddSizes =>
    [
        new("odd size", new AvgPool2dGradOp(PoolGeometry.Of(3, 2, 1), true, 0, 9, 13), [2, 3, 5, 7]) { Terms = 4 },
        new("odd size", new BroadcastToOp([3, 2, 5, 7]), [1, 2, 5, 7]),
        new("odd size", new ConcatOp(1), [2, 3, 5, 7], [2, 1, 5, 7]),
        new("odd size", new ConvTranspose2dOp(ConvGeometry.Of(stride: 2, padding: 1), 1, 0), [1, 3, 5, 7], [3, 4, 3, 3], [4]) { Terms = 28 },
        new("odd size", new LayerNormOp(3, 1e-5), [2, 3, 5, 7], [3, 5, 7], [3, 5, 7]) { Terms = 105 },
        new("odd size", new MatMulOp(false, false), [2, 3, 5, 7], [2, 3, 7, 9]) { Terms = 7 },
        new("odd size", new MaxPool2dGradOp(5, 7), Fixed(2, 3, 3, 5), new OpInput([2, 3, 3, 5], InputValues.Indices) { DType = DType.I32, Bound = 35 }) { Terms = 15 },
        new("odd size", new ReluOp(), Distinct(2, 3, 5, 7)),
        new("odd size", new SiluOp(), [2, 3, 5, 7]),
        new("rows of a batch", new ReshapeOp([2, 15]), [2, 3, 5]),
    ];

    private static OpInput Positive(int count) => new([count], InputValues.Positive);

    private static OpInput Distinct(params int[] extents) => new(Shape.Create(extents), InputValues.Distinct);

    private static OpInput Fixed(params int[] extents) => new(Shape.Create(extents)) { Differentiate = false };

    private static OpInput Labels(int classes, params int[] extents) => new(Shape.Create(extents), InputValues.Indices) { DType = DType.I64, Bound = classes };
}
