using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Dropout: the probabilities between nothing and everything, sizes with tails.</summary>
public static class RandomCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        new("half", new DropoutOp(0.5, 1), [3, 37]),
        new("fifth", new DropoutOp(0.2, ulong.MaxValue), [65]),
        new("nothing", new DropoutOp(0, 7), [5]),
        new("everything", new DropoutOp(1, 7), [5]),
        new("empty", new DropoutOp(0.5, 7), [0, 2]),
        new("one", new DropoutOp(0.3, 0), [1]),
        new("before the classifier", new DropoutOp(0.2, 12345), [8, 2048]) { Large = true },
    ];
}
