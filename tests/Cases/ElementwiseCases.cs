using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Elementwise operators: real sizes, tails of every vector width, every way to broadcast, empty tensors.</summary>
public static class ElementwiseCases
{
    private static readonly UnaryOp[] Smooth =
    [
        new NegateOp(), new ExpOp(), new SquareOp(), new TanhOp(), new SigmoidOp(), new AffineOp(0.5, -2),
    ];

    private static readonly UnaryOp[] OfPositive = [new LogOp(), new SqrtOp(), new RsqrtOp(), new ReciprocalOp()];

    // Their derivative jumps somewhere: values must keep away from there.
    private static readonly UnaryOp[] Kinked =
    [
        new AbsOp(), new SignOp(), new FloorOp(), new ReluOp(), new LeakyReluOp(0.1), new ClampOp(-0.3001, 0.4001), new ClampOp(0, 6),
    ];

    private static readonly BinaryOp[] Binaries = [new AddOp(), new SubtractOp(), new MultiplyOp(), new DivideOp(), new PowerOp()];

    private static readonly BinaryOp[] Comparisons = [new MaximumOp(), new MinimumOp(), new GreaterOp()];

    // Left, right: equal shapes, numbers, planes times channels, last-axis vectors, both repeated, new leading axes.
    private static readonly (string Name, int[] Left, int[] Right)[] Broadcasts =
    [
        ("vector tail", [37], [37]),
        ("scalars", [], []),
        ("scalar left", [], [3, 5]),
        ("scalar right", [3, 37], [1]),
        ("per channel", [2, 5, 3, 7], [5, 1, 1]),
        ("per sample and channel", [2, 5, 3, 7], [2, 5, 1, 1]),
        ("per channel left", [1, 3, 1, 1], [2, 3, 4, 5]),
        ("last axis", [6, 19], [19]),
        ("last axis left", [19], [2, 3, 19]),
        ("per sample", [4, 1, 1], [4, 3, 6]),
        ("outer", [4, 1], [1, 9]),
        ("middle", [3, 1, 5], [3, 4, 5]),
        ("alternating", [2, 1, 3, 1], [1, 4, 1, 17]),
        ("empty batch", [0, 3], [3]),
        ("one pixel", [1, 1, 1, 1], [1, 1, 1, 1]),
    ];

    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => Unaries().Concat(Pairs()).Concat(Gradients()).Concat(Choices()).Concat(Layers());

    private static IEnumerable<OpCase> Unaries()
    {
        foreach (int count in (int[])[0, 1, 7, 16, 65])
        {
            foreach (var op in Smooth)
                yield return new($"{count} elements", op, [count]);
            foreach (var op in OfPositive)
                yield return new($"{count} elements", op, new OpInput([count], InputValues.Positive));
            foreach (var op in Kinked)
                yield return new($"{count} elements", op, new OpInput([count], InputValues.Distinct));
            yield return new($"{count} elements", new SiluOp(), [count]);
        }
    }

    private static IEnumerable<OpCase> Pairs()
    {
        foreach (var (name, left, right) in Broadcasts)
        {
            foreach (var op in Binaries)
                yield return new(name, op, new OpInput(Shape.Create(left), InputValues.Positive), new OpInput(Shape.Create(right), InputValues.Positive));
            foreach (var op in Comparisons)
                yield return new(name, op, new OpInput(Shape.Create(left), InputValues.Distinct), new OpInput(Shape.Create(right), InputValues.Uniform));
        }

        // Many ties: no finite differences at the kinks.
        foreach (BinaryOp op in (BinaryOp[])[new EqualOp(), new GreaterOp(), new MaximumOp(), new MinimumOp()])
            yield return new("ties", op, Ties([5, 37]), Ties([37]));
    }

    private static IEnumerable<OpCase> Gradients()
    {
        foreach (CompositeOp op in (CompositeOp[])[new ReluGradOp(), new LeakyReluGradOp(0.2), new ClampGradOp(-0.5001, 0.5001), new SiluGradOp()])
        {
            foreach (Shape shape in (Shape[])[[37], [2, 3, 5, 5], [0, 4]])
                yield return new($"{shape}", op, new OpInput(shape, InputValues.Distinct) { Differentiate = op is SiluGradOp }, new OpInput(shape));
        }
    }

    private static IEnumerable<OpCase> Choices() =>
    [
        new("same shape", new WhereOp(), Ties([3, 21]), [3, 21], [3, 21]),
        new("zero elsewhere", new WhereOp(), Ties([2, 4, 3, 3]), [2, 4, 3, 3], []),
        new("condition per channel", new WhereOp(), Ties([4, 1, 1]), [2, 4, 3, 3], [3, 3]),
        new("empty", new WhereOp(), Ties([0, 2]), [], [2]),
    ];

    private static IEnumerable<OpCase> Layers() =>
    [
        new("resnest50 stage 1 residual", new AddOp(), [1, 256, 56, 56], [1, 256, 56, 56]) { Large = true },
        new("resnest50 stage 4 residual", new AddOp(), [2, 2048, 7, 7], [2, 2048, 7, 7]) { Large = true },
        new("attention over planes", new MultiplyOp(), [2, 512, 14, 14], [2, 512, 1, 1]) { Large = true },
        new("batch norm scale", new MultiplyOp(), [1, 64, 112, 112], [64, 1, 1]) { Large = true },
        new("classifier bias", new AddOp(), [8, 1000], [1000]) { Large = true },
        new("resnest50 stem", new ReluOp(), [1, 64, 112, 112]) { Large = true },
        new("resnest50 stem", new SiluOp(), [1, 64, 112, 112]) { Large = true },
    ];

    private static OpInput Ties(Shape shape) => new(shape, InputValues.SmallIntegers) { Differentiate = false };
}
