using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Batches of no pictures: whatever is computed from them is empty or zero, and nothing divides by their number.</summary>
public static class EmptyBatchCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        new("empty batch", new AdaptiveAvgPool2dGradOp(5, 7), [0, 3, 2, 2]),
        new("empty batch", new ArgMaxOp(1), [0, 10]),
        new("empty batch", new AvgPool2dGradOp(PoolGeometry.Of(3, 2, 1), true, 0, 8, 7), [0, 3, 4, 4]),
        new("empty batch", new BatchNormTrainGradOp(1e-5), [0, 3, 2, 2], [3], [3], Positive(3), [0, 3, 2, 2]),
        new("empty batch", new ConvTranspose2dOp(ConvGeometry.Of(stride: 2, padding: 1), 1, 1), [0, 3, 4, 5], [3, 4, 3, 3], [4]),
        new("empty batch", new EqualOp(), [0, 5], [5]),
        new("empty batch", new NllLossOp(Reduction.Sum), [0, 10], new OpInput([0], InputValues.Indices) { DType = DType.I64, Bound = 10 }),
        new("empty batch", new PadGradOp(2, 1, 2, PadMode.Reflect), [0, 3, 9]),
        new("empty batch", new ReshapeOp([0, 12]), [0, 3, 4]),
        new("rows of a batch", new ReshapeOp([2, 12]), [2, 3, 4]),
        new("indices to a scalar", new ReshapeOp([]), new OpInput([1, 1], InputValues.Indices) { DType = DType.I64, Bound = 9 }),
    ];

    private static OpInput Positive(int count) => new([count], InputValues.Positive);
}
