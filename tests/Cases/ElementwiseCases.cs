using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Elementwise operators: real sizes, tails of every vector width, broadcasts, empty tensors.</summary>
public static class ElementwiseCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        new("vector tail", new AddOp(), [37], [37]),
        new("bias over planes", new AddOp(), [2, 5, 3, 7], [5, 1, 1]),
        new("outer", new MultiplyOp(), [4, 1], [1, 9]),
        new("scalar", new MultiplyOp(), [], [3, 5]),
        new("empty", new AddOp(), [0, 3], [3]),
        new("affine", new AffineOp(0.5, -2), [1, 65]),
    ];
}
