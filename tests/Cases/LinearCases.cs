using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Matrix products: every transposition, tails of the kernels' tiles, broadcast batches, nothing to sum over.</summary>
public static class LinearCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        new("one element", new MatMulOp(false, false), [1, 1], [1, 1]),
        new("tails", new MatMulOp(false, false), [7, 5], [5, 19]) { Terms = 5 },
        new("left transposed", new MatMulOp(true, false), [5, 7], [5, 19]) { Terms = 5 },
        new("right transposed", new MatMulOp(false, true), [7, 5], [19, 5]) { Terms = 5 },
        new("both transposed", new MatMulOp(true, true), [5, 7], [19, 5]) { Terms = 5 },
        new("row times matrix", new MatMulOp(false, false), [1, 33], [33, 65]) { Terms = 33 },
        new("matrix times column", new MatMulOp(false, false), [37, 65], [65, 1]) { Terms = 65 },
        new("outer product", new MatMulOp(false, true), [31, 1], [33, 1]),
        new("batches", new MatMulOp(false, true), [3, 4, 6], [3, 5, 6]) { Terms = 6 },
        new("batches broadcast", new MatMulOp(false, false), [2, 1, 3, 4], [5, 4, 6]) { Terms = 4 },
        new("one matrix for all", new MatMulOp(true, false), [4, 3], [2, 2, 4, 5]) { Terms = 4 },
        new("nothing to sum over", new MatMulOp(false, false), [3, 0], [0, 4]),
        new("no rows", new MatMulOp(false, false), [0, 3], [3, 4]) { Terms = 3 },
        new("exact sums", new MatMulOp(false, false), new OpInput([29, 70], InputValues.SmallIntegers), new OpInput([70, 67], InputValues.SmallIntegers)) { Terms = 70 },
        new("several blocks deep", new MatMulOp(false, false), [45, 700], [700, 90]) { Terms = 700, Large = true },
        new("several blocks deep, both transposed", new MatMulOp(true, true), [600, 70], [35, 600]) { Terms = 600, Large = true },

        new("with bias", new LinearOp(), [4, 10], [8, 10], [8]) { Terms = 11 },
        new("without bias", new LinearOp(), [3, 9], [5, 9]) { Terms = 9 },
        new("of a vector", new LinearOp(), [3], [4, 3], [4]) { Terms = 4 },
        new("of a sequence", new LinearOp(), [2, 3, 5], [7, 5], [7]) { Terms = 6 },
        new("empty batch", new LinearOp(), [0, 3], [4, 3], [4]) { Terms = 4 },
        new("resnest50 classifier", new LinearOp(), [1, 2048], [1000, 2048], [1000]) { Terms = 2049, Large = true },
        new("classifier, batch", new LinearOp(), [5, 512], [10, 512], [10]) { Terms = 513, Large = true },
    ];
}
