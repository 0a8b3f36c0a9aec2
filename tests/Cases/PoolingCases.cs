using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Pools: those of the networks, hanging windows, padding with and without counting, overlapping bins.</summary>
public static class PoolingCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => Max.Concat(Average).Concat(Adaptive);

    private static IEnumerable<OpCase> Max =>
    [
        MaxPool("3x3 stride 2 padded", [2, 3, 9, 11], PoolGeometry.Of(3, 2, 1)),
        MaxPool("3x3 stride 2 wide", [1, 2, 8, 70], PoolGeometry.Of(3, 2, 1)),
        MaxPool("2x2", [1, 2, 5, 7], PoolGeometry.Of(2)),
        MaxPool("ceil", [1, 2, 6, 7], PoolGeometry.Of(3, 2, 0, ceilMode: true)),
        MaxPool("ceil, last window in the padding", [1, 1, 5, 5], PoolGeometry.Of(2, 3, 1, ceilMode: true)),
        MaxPool("dilated", [1, 2, 9, 8], PoolGeometry.Of(3, 1, 1, dilation: 2)),
        MaxPool("asymmetric", [1, 2, 6, 9], new PoolGeometry(2, 4, 1, 3, 1, 0, 0, 2, 1, 2, false)),
        MaxPool("one pixel", [1, 3, 1, 1], PoolGeometry.Of(3, 2, 1)),
        MaxPool("empty batch", [0, 3, 4, 4], PoolGeometry.Of(2)),
        MaxPool("resnest50 stem", [1, 8, 56, 56], PoolGeometry.Of(3, 2, 1)) with { Large = true },
        new("overlapping windows", new MaxPool2dGradOp(5, 6), Upstream([2, 3, 4, 3]), Chosen([2, 3, 4, 3], 30)) { Terms = 12 },
        new("empty batch", new MaxPool2dGradOp(4, 4), Upstream([0, 3, 2, 2]), Chosen([0, 3, 2, 2], 16)),
    ];

    private static IEnumerable<OpCase> Average
    {
        get
        {
            foreach (bool count in (bool[])[true, false])
            {
                string suffix = count ? ", counting padding" : "";
                yield return new OpCase("3x3 padded" + suffix, new AvgPool2dOp(PoolGeometry.Of(3, 1, 1), count, 0), [2, 3, 7, 9]) { Terms = 9 };
                yield return new OpCase("3x3 stride 2 padded" + suffix, new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), count, 0), [1, 2, 9, 37]) { Terms = 9 };
                yield return new OpCase("2x2 ceil" + suffix, new AvgPool2dOp(PoolGeometry.Of(2, 2, 0, ceilMode: true), count, 0), [1, 3, 7, 5]) { Terms = 4 };
                yield return new OpCase("ceil and padding" + suffix, new AvgPool2dOp(PoolGeometry.Of(4, 3, 2, ceilMode: true), count, 0), [1, 2, 9, 8]) { Terms = 16 };
                yield return new OpCase("asymmetric" + suffix, new AvgPool2dOp(new PoolGeometry(2, 3, 1, 2, 1, 0, 0, 2, 1, 1, false), count, 0), [1, 2, 6, 7]) { Terms = 6 };
                yield return new OpCase("empty batch" + suffix, new AvgPool2dOp(PoolGeometry.Of(2), count, 0), [0, 2, 4, 4]) { Terms = 4 };
                yield return new OpCase("3x3 padded" + suffix, new AvgPool2dGradOp(PoolGeometry.Of(3, 2, 1), count, 0, 8, 7), [2, 3, 4, 4]) { Terms = 4 };
                yield return new OpCase("2x2 ceil" + suffix, new AvgPool2dGradOp(PoolGeometry.Of(2, 2, 0, ceilMode: true), count, 0, 7, 5), [1, 3, 4, 3]);
            }

            yield return new OpCase("divisor", new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), true, -5), [1, 2, 6, 7]) { Terms = 9 };
            yield return new OpCase("divisor", new AvgPool2dGradOp(PoolGeometry.Of(3, 2, 1), true, 7, 6, 7), [1, 2, 3, 4]) { Terms = 4 };
            yield return new OpCase("2x2 of one pixel", new AvgPool2dOp(PoolGeometry.Of(2, 2, 0, ceilMode: true), false, 0), [1, 2, 1, 1]);
            yield return new OpCase("resnest50 shortcut", new AvgPool2dOp(PoolGeometry.Of(2, 2, 0, ceilMode: true), false, 0), [1, 16, 56, 56]) { Terms = 4, Large = true };
            yield return new OpCase("resnest50 avd", new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), true, 0), [1, 16, 28, 28]) { Terms = 9, Large = true };
        }
    }

    private static IEnumerable<OpCase> Adaptive =>
    [
        new("overlapping bins", new AdaptiveAvgPool2dOp(3, 4), [2, 3, 7, 9]) { Terms = 12 },
        new("more bins than pixels", new AdaptiveAvgPool2dOp(5, 7), [1, 2, 4, 3]) { Terms = 4 },
        new("one bin", new AdaptiveAvgPool2dOp(1, 1), [2, 5, 7, 7]) { Terms = 49 },
        new("empty batch", new AdaptiveAvgPool2dOp(2, 2), [0, 2, 3, 3]),
        new("overlapping bins", new AdaptiveAvgPool2dGradOp(7, 9), [2, 3, 3, 4]) { Terms = 4 },
        new("more bins than pixels", new AdaptiveAvgPool2dGradOp(4, 3), [1, 2, 5, 7]) { Terms = 12 },
        new("one bin", new AdaptiveAvgPool2dGradOp(6, 5), [2, 3, 1, 1]),
    ];

    private static OpCase MaxPool(string name, Shape x, PoolGeometry geometry) =>
        new(name, new MaxPool2dOp(geometry), new OpInput(x, InputValues.Distinct));

    private static OpInput Upstream(Shape shape) => new(shape) { Differentiate = false };

    private static OpInput Chosen(Shape shape, int plane) =>
        new(shape, InputValues.Indices) { DType = DType.I32, Bound = plane, Differentiate = false };
}
