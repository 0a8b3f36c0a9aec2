using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Reductions: planes, channels, last and leading axes, scattered axes, single elements, empty tensors.</summary>
public static class ReductionCases
{
    private static readonly (string Name, int[] Shape, int[] Axes)[] Patterns =
    [
        ("planes", [2, 5, 7, 9], [2, 3]),
        ("per channel", [3, 4, 5, 3], [0, 2, 3]),
        ("last axis", [6, 37], [1]),
        ("leading axis", [37, 6], [0]),
        ("middle axis", [3, 11, 18], [1]),
        ("everything", [5, 4, 13], [0, 1, 2]),
        ("scattered", [2, 3, 4, 5, 3], [0, 2, 4]),
        ("scattered inside", [2, 3, 4, 5, 3], [1, 3]),
        ("nothing", [3, 5], []),
        ("scalar", [], []),
        ("axis of one", [4, 1, 5], [1]),
        ("one pixel", [1, 1, 1, 1], [2, 3]),
        ("empty batch", [0, 3, 2, 2], [2, 3]),
    ];

    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => Small().Concat(Special()).Concat(Layers());

    private static IEnumerable<OpCase> Small()
    {
        foreach (var (name, extents, list) in Patterns)
        {
            var shape = Shape.Create(extents);
            var axes = Axes.Of(list);
            int terms = Terms(shape, axes);
            foreach (bool keep in (bool[])[false, true])
            {
                string title = keep ? $"{name}, kept" : name;
                yield return new(title, new SumOp(axes, keep), new OpInput(shape)) { Terms = terms };
                yield return new(title, new MeanOp(axes, keep), new OpInput(shape)) { Terms = terms };
                yield return new(title, new MaxOp(axes, keep), new OpInput(shape, InputValues.Distinct));
                yield return new(title, new MinOp(axes, keep), new OpInput(shape, InputValues.Distinct));
                if (terms > 1)
                    yield return new(title, new VarianceOp(axes, keep, 1), new OpInput(shape)) { Terms = terms };
            }

            if (list.Length == 1)
                yield return new(name, new ArgMaxOp(list[0]), new OpInput(shape, InputValues.Distinct));
        }
    }

    private static IEnumerable<OpCase> Special() =>
    [
        new("over an empty axis", new SumOp([0], false), [0, 3]),
        new("population", new VarianceOp([0, 2], true, 0), [3, 4, 5]) { Terms = 15 },
        new("ties", new MaxOp([1], false), Ties([4, 37])),
        new("ties over planes", new MaxOp([2, 3], true), Ties([2, 3, 4, 5])),
        new("ties", new ArgMaxOp(1), Ties([4, 37])),
        new("ties, last", new ArgMaxOp(1, SelectLast: true), Ties([4, 37])),
        new("ties in front", new ArgMaxOp(0), Ties([9, 21])),
        new("cancelling sum", new SumOp([1], false), Ties([3, 4099])) { Large = true, Terms = 1 },
    ];

    private static IEnumerable<OpCase> Layers() =>
    [
        new("resnest50 global average", new MeanOp([2, 3], false), [2, 2048, 7, 7]) { Large = true, Terms = 49 },
        new("resnest50 stage 1 planes", new SumOp([2, 3], true), [1, 128, 56, 56]) { Large = true, Terms = 3136 },
        new("batch norm statistics", new SumOp([0, 2, 3], false), [4, 64, 56, 56]) { Large = true, Terms = 12544 },
        new("batch norm statistics", new VarianceOp([0, 2, 3], false, 0), [2, 32, 28, 28]) { Large = true, Terms = 1568 },
        new("bias gradient", new SumOp([0], false), [64, 1000]) { Large = true, Terms = 64 },
        new("softmax maximum", new MaxOp([1], true), [8, 1000]) { Large = true },
        new("prediction", new ArgMaxOp(1), [8, 1000]) { Large = true },
        new("whole tensor", new SumOp([0, 1, 2, 3], false), [2, 64, 56, 56]) { Large = true, Terms = 401408 },
    ];

    private static int Terms(Shape shape, Axes axes)
    {
        int terms = 1;
        foreach (int axis in axes)
            terms *= shape[axis];
        return Math.Max(1, terms);
    }

    private static OpInput Ties(Shape shape) => new(shape, InputValues.SmallIntegers) { Differentiate = false };
}
