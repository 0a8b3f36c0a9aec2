using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Softmax and the batch, group and layer norms: layers of the published networks, ranks 2 to 5, odd sizes, one pixel, no sample.</summary>
public static class NormalizationCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => [.. Softmaxes(new SoftmaxOp(0)), .. Softmaxes(new LogSoftmaxOp(0)), .. BatchNorms, .. OtherNorms];

    private static IEnumerable<OpCase> BatchNorms =>
    [
        new("resnest50 layer1", new BatchNormInferenceOp(1e-5), [1, 128, 56, 56], [128], [128], [128], Positive(128)) { Large = true },
        new("odd picture", new BatchNormInferenceOp(1e-5), [2, 3, 5, 7], [3], [3], [3], Positive(3)),
        new("vector", new BatchNormInferenceOp(1e-3), [4, 37], [37], [37], [37], Positive(37)),
        new("one pixel", new BatchNormInferenceOp(1e-5), [1, 5, 1, 1], [5], [5], [5], Positive(5)),
        new("volume", new BatchNormInferenceOp(1e-5), [2, 2, 2, 3, 2], [2], [2], [2], Positive(2)),
        new("no sample", new BatchNormInferenceOp(1e-5), [0, 3, 2, 2], [3], [3], [3], Positive(3)),
        new("resnest50 layer1", new BatchNormInferenceGradOp(1e-5), [2, 64, 28, 28], [64], [64], Positive(64), [2, 64, 28, 28]) { Terms = 1568, Large = true },
        new("odd picture", new BatchNormInferenceGradOp(1e-5), [2, 3, 5, 7], [3], [3], Positive(3), [2, 3, 5, 7]) { Terms = 70 },
        new("vector", new BatchNormInferenceGradOp(1e-3), [4, 37], [37], [37], Positive(37), [4, 37]) { Terms = 4 },
        new("no sample", new BatchNormInferenceGradOp(1e-5), [0, 3, 2, 2], [3], [3], Positive(3), [0, 3, 2, 2]),

        new("resnest50 layer1", new BatchNormTrainOp(1e-5), [2, 64, 56, 56], [64], [64]) { Terms = 6272, Large = true },
        new("resnest50 layer4", new BatchNormTrainOp(1e-5), [4, 512, 7, 7], [512], [512]) { Terms = 196, Large = true },
        new("attention bottleneck", new BatchNormTrainOp(1e-5), [8, 32, 1, 1], [32], [32]) { Terms = 8 },
        new("odd picture", new BatchNormTrainOp(1e-5), [2, 3, 5, 7], [3], [3]) { Terms = 70 },
        new("vector", new BatchNormTrainOp(1e-3), [4, 37], [37], [37]) { Terms = 4 },
        new("one sample", new BatchNormTrainOp(1e-5), [1, 3, 3, 3], [3], [3]) { Terms = 9 },
        new("volume", new BatchNormTrainOp(1e-5), [2, 2, 2, 3, 2], [2], [2]) { Terms = 24 },
        new("many short rows", new BatchNormTrainOp(1e-5), [33, 2, 1, 3], [2], [2]) { Terms = 99 },
        new("resnest50 layer1", new BatchNormTrainGradOp(1e-5), [2, 64, 28, 28], [64], [64], Positive(64), [2, 64, 28, 28]) { Terms = 1568, Large = true },
        new("odd picture", new BatchNormTrainGradOp(1e-5), [2, 3, 5, 7], [3], [3], Positive(3), [2, 3, 5, 7]) { Terms = 70 },
        new("vector", new BatchNormTrainGradOp(1e-3), [4, 37], [37], [37], Positive(37), [4, 37]) { Terms = 4 },
        new("resnest14 layer4", new BatchNormTrainGradOp(1e-5), [8, 64, 4, 4], [64], [64], Positive(64), [8, 64, 4, 4]) { Terms = 128 },
        new("resnest50 layer1", new BatchNormTrainReluOp(1e-5), [2, 64, 56, 56], [64], [64]) { Terms = 6272, Large = true },
        new("resnest50 layer4", new BatchNormTrainReluOp(1e-5), [4, 512, 7, 7], [512], [512]) { Terms = 196, Large = true },
        new("one pixel", new BatchNormTrainReluOp(1e-5), [8, 33, 1, 1], [33], [33]) { Terms = 8 },
        new("odd picture", new BatchNormTrainReluOp(1e-5), [2, 3, 5, 7], [3], [3]) { Terms = 70 },
        new("one sample", new BatchNormTrainReluOp(1e-5), [1, 3, 3, 3], [3], [3]) { Terms = 9 },
        new("resnest50 layer1", new BatchNormTrainReluGradOp(1e-5), [2, 64, 28, 28], [64], [64], Positive(64), [2, 64, 28, 28], [2, 64, 28, 28]) { Terms = 1568, Large = true },
        new("long planes", new BatchNormTrainReluGradOp(1e-5), [2, 2, 33, 35], [2], [2], Positive(2), [2, 2, 33, 35], [2, 2, 33, 35]) { Terms = 2310, Large = true },
        new("odd picture", new BatchNormTrainReluGradOp(1e-5), [2, 3, 5, 7], [3], [3], Positive(3), [2, 3, 5, 7], [2, 3, 5, 7]) { Terms = 70 },
        new("one pixel", new BatchNormTrainReluGradOp(1e-5), [4, 37, 1, 1], [37], [37], Positive(37), [4, 37, 1, 1], [4, 37, 1, 1]) { Terms = 4 },
        new("no sample", new BatchNormTrainReluGradOp(1e-5), [0, 3, 2, 2], [3], [3], Positive(3), [0, 3, 2, 2], [0, 3, 2, 2]),
    ];

    private static IEnumerable<OpCase> OtherNorms =>
    [
        new("cotnet layer2", new GroupNormOp(16, 1e-5), [1, 144, 28, 28], [144], [144]) { Terms = 7056, Large = true },
        new("groups of nine", new GroupNormOp(2, 1e-5), [2, 18, 3, 5], [18], [18]) { Terms = 135 },
        new("one group", new GroupNormOp(1, 1e-5), [2, 4, 3], [4]) { Terms = 12 },
        new("instance norm", new GroupNormOp(3, 1e-5), [2, 3, 4, 4]) { Terms = 16 },
        new("no sample", new GroupNormOp(2, 1e-5), [0, 4, 3, 3], [4], [4]),
        new("channels of a squeeze", new LayerNormOp(3, 1e-5), [4, 16, 1, 1], [16, 1, 1], [16, 1, 1]) { Terms = 16 },
        new("last axis", new LayerNormOp(1, 1e-6), [3, 5, 7], [7], [7]) { Terms = 7 },
        new("two axes, weight only", new LayerNormOp(2, 1e-5), [3, 5, 7], [5, 7]) { Terms = 35 },
        new("plain", new LayerNormOp(1, 1e-5), [2, 33]) { Terms = 33 },
        new("no sample", new LayerNormOp(1, 1e-5), [0, 4], [4], [4]),
    ];

    private static IEnumerable<OpCase> Softmaxes(Op form)
    {
        (string Name, int Axis, OpInput Input)[] shapes =
        [
            ("imagenet logits", 1, [32, 1000]),
            ("ten classes", 1, [4, 10]),
            ("first axis", 0, [5, 3]),
            ("pixels of a map", 2, [2, 3, 37]),
            ("middle axis", 1, [2, 5, 3, 7]),
            ("one class", 1, [3, 1]),
            ("no sample", 1, [0, 7]),
            ("no class", 1, [3, 0]),
        ];
        foreach (var (name, axis, input) in shapes)
        {
            bool large = input.Shape.ElementCount > 10000;
            int terms = Math.Max(1, input.Shape[axis]);
            bool logarithm = form is LogSoftmaxOp;
            yield return new(name, logarithm ? new LogSoftmaxOp(axis) : new SoftmaxOp(axis), input) { Terms = terms, Large = large };
            yield return new(name, logarithm ? new LogSoftmaxGradOp(axis) : new SoftmaxGradOp(axis), input, input) { Terms = terms, Large = large };
        }
    }

    private static OpInput Positive(int channels) => new([channels], InputValues.Positive);
}
