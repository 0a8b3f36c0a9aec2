using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Losses: class indices and probabilities, smoothing, weights, ignored samples, extra axes, every reduction.</summary>
public static class LossCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        new("imagenet batch", new CrossEntropyOp(0.1), [16, 1000], Classes(1000, 16)) { Terms = 16000, Large = true },
        new("indices", new CrossEntropyOp(), [4, 10], Classes(10, 4)) { Terms = 40 },
        new("smoothed", new CrossEntropyOp(0.1), [4, 10], Classes(10, 4)) { Terms = 40 },
        new("weights", new CrossEntropyOp(0.1), [4, 5], Classes(5, 4), Weights(5)) { Terms = 20 },
        new("sum", new CrossEntropyOp(0, Reduction.Sum), [4, 5], Classes(5, 4), Weights(5)) { Terms = 20 },
        new("per sample", new CrossEntropyOp(0.2, Reduction.None), [4, 5], Classes(5, 4)) { Terms = 5 },
        new("ignored class", new CrossEntropyOp(0.1, IgnoreIndex: 1), [16, 3], Classes(3, 16), Weights(3)) { Terms = 48 },
        new("map of labels", new CrossEntropyOp(0.1, Reduction.None), [2, 4, 3, 5], Classes(4, 2, 3, 5)) { Terms = 4 },
        new("one sample without batch", new CrossEntropyOp(), [7], Classes(7)) { Terms = 7 },
        new("probabilities", new CrossEntropyOp(), [4, 10], Probabilities(4, 10)) { Terms = 40 },
        new("probabilities smoothed and weighted", new CrossEntropyOp(0.1), [3, 4, 5], Probabilities(3, 4, 5), Weights(4)) { Terms = 60 },
        new("probabilities per sample", new CrossEntropyOp(0, Reduction.None), [3, 4], Probabilities(3, 4)) { Terms = 4 },
        new("no sample", new CrossEntropyOp(0, Reduction.Sum), [0, 4], Classes(4, 0)),
        new("indices", new NllLossOp(), [4, 10], Classes(10, 4)) { Terms = 4 },
        new("weights", new NllLossOp(), [4, 5], Classes(5, 4), Weights(5)) { Terms = 4 },
        new("ignored class", new NllLossOp(Reduction.Sum, 1), [16, 3], Classes(3, 16)) { Terms = 16 },
        new("map of labels", new NllLossOp(Reduction.None), [2, 4, 3, 5], Classes(4, 2, 3, 5)),
    ];

    private static OpInput Classes(int classes, params int[] extents) =>
        new(Shape.Create(extents), InputValues.Indices) { DType = DType.I64, Bound = classes, Differentiate = false };

    private static OpInput Probabilities(params int[] extents) => new(Shape.Create(extents), InputValues.Positive);

    private static OpInput Weights(int classes) => new([classes], InputValues.Positive) { Differentiate = false };
}
