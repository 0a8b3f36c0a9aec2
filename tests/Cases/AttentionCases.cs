using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Split attention and local aggregation: the layers of the published networks, every radix and cardinality in use, odd pictures, one pixel, no sample.</summary>
public static class AttentionCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        // y = Σ_r a_r · x_r
        new("resnest50 layer1", new AttentionWeightedSumOp(2), [1, 128, 56, 56], [1, 128, 1, 1]) { Terms = 2, Large = true },
        new("resnest50 layer4", new AttentionWeightedSumOp(2), [2, 1024, 7, 7], [2, 1024, 1, 1]) { Terms = 2, Large = true },
        new("fast 4s2x40d layer3", new AttentionWeightedSumOp(4), [2, 1280, 14, 14], [2, 1280]) { Terms = 4, Large = true },
        new("radix 1 gates", new AttentionWeightedSumOp(1), [2, 5, 3, 4], [2, 5, 1, 1]),
        new("radix 2 odd picture", new AttentionWeightedSumOp(2), [3, 6, 5, 7], [3, 6]) { Terms = 2 },
        new("radix 3", new AttentionWeightedSumOp(3), [1, 6, 3, 3], [1, 6]) { Terms = 3 },
        new("radix 4 one pixel", new AttentionWeightedSumOp(4), [2, 12, 1, 1], [2, 12, 1, 1]) { Terms = 4 },
        new("one channel", new AttentionWeightedSumOp(2), [1, 2, 1, 33], [1, 2]) { Terms = 2 },
        new("no sample", new AttentionWeightedSumOp(2), [0, 4, 3, 3], [0, 4]),
        new("no pixel", new AttentionWeightedSumOp(2), [1, 4, 0, 3], [1, 4]),

        new("resnest50 layer1", new AttentionWeightedSumGradOp(2), [1, 128, 56, 56], [1, 128, 1, 1], [1, 64, 56, 56]) { Terms = 3136, Large = true },
        new("radix 1 gates", new AttentionWeightedSumGradOp(1), [2, 5, 3, 4], [2, 5, 1, 1], [2, 5, 3, 4]) { Terms = 12 },
        new("radix 2 odd picture", new AttentionWeightedSumGradOp(2), [3, 6, 5, 7], [3, 6], [3, 3, 5, 7]) { Terms = 35 },
        new("radix 4 one pixel", new AttentionWeightedSumGradOp(4), [2, 12, 1, 1], [2, 12, 1, 1], [2, 3, 1, 1]),
        new("no sample", new AttentionWeightedSumGradOp(2), [0, 4, 3, 3], [0, 4], [0, 2, 3, 3]),
        new("no pixel", new AttentionWeightedSumGradOp(2), [1, 4, 0, 3], [1, 4], [1, 2, 0, 3]),

        // s = mean over the picture of Σ_r x_r
        new("resnest50 layer1", new RadixSumGlobalAvgPoolOp(2), [1, 128, 56, 56]) { Terms = 6272, Large = true },
        new("resnest50 layer4", new RadixSumGlobalAvgPoolOp(2), [2, 1024, 7, 7]) { Terms = 98, Large = true },
        new("radix 1", new RadixSumGlobalAvgPoolOp(1), [2, 5, 3, 4]) { Terms = 12 },
        new("radix 2 odd picture", new RadixSumGlobalAvgPoolOp(2), [3, 6, 5, 7]) { Terms = 70 },
        new("radix 4 one pixel", new RadixSumGlobalAvgPoolOp(4), [2, 12, 1, 1]) { Terms = 4 },
        new("no sample", new RadixSumGlobalAvgPoolOp(2), [0, 4, 3, 3]),
        new("resnest50 layer1", new RadixSumGlobalAvgPoolGradOp(2, 56, 56), [1, 64, 1, 1]) { Large = true },
        new("radix 1", new RadixSumGlobalAvgPoolGradOp(1, 3, 4), [2, 5, 1, 1]),
        new("radix 2 odd picture", new RadixSumGlobalAvgPoolGradOp(2, 5, 7), [3, 3, 1, 1]),
        new("radix 4 one pixel", new RadixSumGlobalAvgPoolGradOp(4, 1, 1), [2, 3, 1, 1]),
        new("no sample", new RadixSumGlobalAvgPoolGradOp(2, 3, 3), [0, 2, 1, 1]),

        // a = softmax over r, cardinality-major to radix-major
        new("resnest50 layer4", new RadixSoftmaxOp(2, 1), [2, 1024, 1, 1]) { Terms = 2, Large = true },
        new("fast 4s2x40d layer3", new RadixSoftmaxOp(4, 2), [2, 1280]) { Terms = 4, Large = true },
        new("radix 1 is a sigmoid", new RadixSoftmaxOp(1, 4), [3, 8]),
        new("radix 2 cardinality 1", new RadixSoftmaxOp(2, 1), [2, 10]) { Terms = 2 },
        new("radix 2 cardinality 3", new RadixSoftmaxOp(2, 3), [2, 12, 1, 1]) { Terms = 2 },
        new("radix 4 cardinality 2", new RadixSoftmaxOp(4, 2), [1, 24]) { Terms = 4 },
        new("radix 3 one member", new RadixSoftmaxOp(3, 5), [2, 15]) { Terms = 3 },
        new("no sample", new RadixSoftmaxOp(2, 1), [0, 4]),
        new("radix 1 is a sigmoid", new RadixSoftmaxGradOp(1, 4), Probabilities(3, 8), [3, 8]),
        new("radix 2 cardinality 3", new RadixSoftmaxGradOp(2, 3), Probabilities(2, 12, 1, 1), [2, 12, 1, 1]) { Terms = 2 },
        new("radix 4 cardinality 2", new RadixSoftmaxGradOp(4, 2), Probabilities(1, 24), [1, 24]) { Terms = 4 },
        new("no sample", new RadixSoftmaxGradOp(2, 1), Probabilities(0, 4), [0, 4]),

        // y = Σ over the 3×3 neighbourhood, weights of each position's own
        new("cotnet50 layer1", new LocalAggregationOp(), [1, 64, 56, 56], [1, 8, 9, 56, 56]) { Terms = 9, Large = true },
        new("cotnet50 layer4", new LocalAggregationOp(), [2, 512, 7, 7], [2, 64, 9, 7, 7]) { Terms = 9, Large = true },
        new("cotnext50 layer3, halves", new LocalAggregationOp(), [2, 192, 14, 14], [2, 24, 9, 14, 14]) { Terms = 9, Large = true },
        new("odd picture", new LocalAggregationOp(), [2, 6, 5, 7], [2, 3, 9, 5, 7]) { Terms = 9 },
        new("one window for all channels", new LocalAggregationOp(), [1, 4, 4, 6], [1, 1, 9, 4, 6]) { Terms = 9 },
        new("a window each", new LocalAggregationOp(), [1, 3, 3, 3], [1, 3, 9, 3, 3]) { Terms = 9 },
        new("one pixel", new LocalAggregationOp(), [2, 4, 1, 1], [2, 2, 9, 1, 1]) { Terms = 9 },
        new("one row", new LocalAggregationOp(), [1, 2, 1, 19], [1, 1, 9, 1, 19]) { Terms = 9 },
        new("one column", new LocalAggregationOp(), [1, 2, 19, 1], [1, 1, 9, 19, 1]) { Terms = 9 },
        new("two by two", new LocalAggregationOp(), [1, 2, 2, 2], [1, 1, 9, 2, 2]) { Terms = 9 },
        new("no sample", new LocalAggregationOp(), [0, 4, 3, 3], [0, 2, 9, 3, 3]),
        new("no pixel", new LocalAggregationOp(), [1, 4, 0, 3], [1, 2, 9, 0, 3]),

        new("cotnet50 layer1", new LocalAggregationValueGradOp(), [1, 8, 9, 56, 56], [1, 64, 56, 56]) { Terms = 9, Large = true },
        new("cotnet50 layer4", new LocalAggregationValueGradOp(), [2, 64, 9, 7, 7], [2, 512, 7, 7]) { Terms = 9, Large = true },
        new("odd picture", new LocalAggregationValueGradOp(), [2, 3, 9, 5, 7], [2, 6, 5, 7]) { Terms = 18 },
        new("one pixel", new LocalAggregationValueGradOp(), [2, 2, 9, 1, 1], [2, 4, 1, 1]) { Terms = 9 },
        new("one row", new LocalAggregationValueGradOp(), [1, 1, 9, 1, 19], [1, 2, 1, 19]) { Terms = 9 },
        new("one column", new LocalAggregationValueGradOp(), [1, 1, 9, 19, 1], [1, 2, 19, 1]) { Terms = 9 },
        new("no sample", new LocalAggregationValueGradOp(), [0, 2, 9, 3, 3], [0, 4, 3, 3]),
        new("no pixel", new LocalAggregationValueGradOp(), [1, 2, 9, 0, 3], [1, 4, 0, 3]),

        new("cotnet50 layer1", new LocalAggregationWeightGradOp(8), [1, 64, 56, 56], [1, 64, 56, 56]) { Terms = 9, Large = true },
        new("cotnet50 layer4", new LocalAggregationWeightGradOp(64), [2, 512, 7, 7], [2, 512, 7, 7]) { Terms = 9, Large = true },
        new("odd picture", new LocalAggregationWeightGradOp(3), [2, 6, 5, 7], [2, 6, 5, 7]) { Terms = 9 },
        new("one window for all channels", new LocalAggregationWeightGradOp(1), [1, 4, 4, 6], [1, 4, 4, 6]) { Terms = 9 },
        new("one pixel", new LocalAggregationWeightGradOp(2), [2, 4, 1, 1], [2, 4, 1, 1]) { Terms = 9 },
        new("one row", new LocalAggregationWeightGradOp(1), [1, 2, 1, 19], [1, 2, 1, 19]) { Terms = 9 },
        new("no sample", new LocalAggregationWeightGradOp(2), [0, 4, 3, 3], [0, 4, 3, 3]),
        new("no pixel", new LocalAggregationWeightGradOp(2), [1, 4, 0, 3], [1, 4, 0, 3]),
    ];

    private static OpInput Probabilities(params int[] extents) => new(Shape.Create(extents), InputValues.Positive);
}
