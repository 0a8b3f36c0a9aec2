using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Movements: every axis, odd sizes, pieces of zero and full length, all padding modes, casts between all types.</summary>
public static class MovementCases
{
    private static readonly DType[] Types = [DType.F32, DType.F16, DType.BF16, DType.I32, DType.I64, DType.U8];

    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => Orders().Concat(Pieces()).Concat(Paddings()).Concat(Repeats()).Concat(Casts());

    private static IEnumerable<OpCase> Orders()
    {
        foreach (Permutation order in (Permutation[])[[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
            yield return new($"odd {order}", new PermuteOp(order), [5, 17, 19]);
        yield return new("scalar", new PermuteOp([]), new OpInput(Shape.Scalar));
        yield return new("nchw to nhwc", new PermuteOp([0, 2, 3, 1]), [2, 5, 3, 7]);
        yield return new("nhwc to nchw", new PermuteOp([0, 3, 1, 2]), [2, 3, 7, 5]);
        yield return new("radix before cardinality", new PermuteOp([0, 2, 1, 3]), [2, 4, 3, 16]);
        yield return new("five axes reversed", new PermuteOp([4, 3, 2, 1, 0]), [2, 3, 4, 3, 5]);
        yield return new("axes of one", new PermuteOp([3, 1, 0, 2]), [1, 6, 1, 5]);
        yield return new("empty", new PermuteOp([1, 0]), [0, 3]);
        yield return new("indices", new PermuteOp([1, 0]), Integers([4, 9], DType.I64));
        yield return new("bytes", new PermuteOp([2, 0, 1]), Integers([7, 9, 3], DType.U8));
        yield return new("matrix 300 x 200", new PermuteOp([1, 0]), [300, 200]) { Large = true };
        yield return new("resnest50 stage 2 to nhwc", new PermuteOp([0, 2, 3, 1]), [1, 512, 28, 28]) { Large = true };
    }

    private static IEnumerable<OpCase> Pieces() =>
    [
        new("front", new SliceOp(0, 0, 2), [5, 3]),
        new("middle columns", new SliceOp(1, 2, 5), [3, 9]),
        new("radix half", new SliceOp(1, 4, 4), [2, 8, 3, 3]),
        new("nothing", new SliceOp(1, 3, 0), [2, 5]),
        new("everything", new SliceOp(2, 0, 4), [2, 3, 4]),
        new("of an empty batch", new SliceOp(1, 1, 2), [0, 3]),
        new("indices", new SliceOp(0, 1, 3), Integers([5], DType.I64)),
        new("rows", new ConcatOp(0), [2, 5], [3, 5]),
        new("channels", new ConcatOp(1), [2, 3, 4, 4], [2, 5, 4, 4], [2, 1, 4, 4]),
        new("columns", new ConcatOp(2), [2, 3, 5], [2, 3, 1]),
        new("one", new ConcatOp(1), [2, 3]),
        new("with an empty part", new ConcatOp(0), [0, 3], [2, 3], [0, 3]),
        new("twice empty", new ConcatOp(0), [0], [0]),
        new("bytes", new ConcatOp(1), Integers([3, 2], DType.U8), Integers([3, 5], DType.U8)),
        new("dense block", new ConcatOp(1), [1, 64, 28, 28], [1, 32, 28, 28]) { Large = true },
        new("classes", new OneHotOp(7, DType.F32), new OpInput([5], InputValues.Indices) { DType = DType.I64, Bound = 7 }),
        new("indices outside give zeros", new OneHotOp(4, DType.F32), new OpInput([3, 6], InputValues.Indices) { DType = DType.I64, Bound = 9 }),
        new("negative indices give zeros", new OneHotOp(2, DType.F32), Integers([9], DType.I64)),
        new("bytes", new OneHotOp(5, DType.U8), new OpInput([4], InputValues.Indices) { DType = DType.I64, Bound = 5 }),
        new("empty batch", new OneHotOp(5, DType.F32), new OpInput([0], InputValues.Indices) { DType = DType.I64 }),
    ];

    private static IEnumerable<OpCase> Paddings()
    {
        foreach (var mode in Enum.GetValues<PadMode>())
        {
            yield return new($"{mode} columns", new PadOp(3, 1, 2, mode, 1.5), [1, 2, 3, 4]);
            yield return new($"{mode} rows", new PadOp(2, 2, 0, mode), [2, 1, 3, 5]);
            yield return new($"{mode} with a crop", new PadOp(1, -1, 2, mode, -1), [2, 4, 3]);
            yield return new($"{mode} empty batch", new PadOp(1, 1, 1, mode), [0, 3]);
            if (mode != PadMode.Constant)
            {
                yield return new($"{mode} columns", new PadGradOp(1, 1, 2, mode), [2, 7]);
                yield return new($"{mode} rows", new PadGradOp(1, 2, 1, mode), [2, 6, 5]);
            }
        }

        yield return new("crop both ends", new PadOp(0, -1, -2), [5, 3]);
        yield return new("crop to nothing", new PadOp(0, -1, -2), [3, 3]);
        yield return new("from nothing", new PadOp(0, 1, 2, PadMode.Constant, 3), [0, 3]);
        yield return new("replicate one pixel", new PadOp(1, 4, 3, PadMode.Replicate), [2, 1]);
        yield return new("bytes", new PadOp(1, 1, 1, PadMode.Constant, 7), Integers([2, 3], DType.U8));
        yield return new("resnest50 stem input", new PadOp(3, 1, 1), [1, 3, 64, 64]) { Large = true };
    }

    private static IEnumerable<OpCase> Repeats() =>
    [
        new("scalar", new BroadcastToOp([3, 7]), new OpInput(Shape.Scalar)),
        new("planes", new BroadcastToOp([2, 3, 5, 7]), [2, 3, 1, 1]),
        new("rows", new BroadcastToOp([4, 19]), [19]),
        new("middle", new BroadcastToOp([2, 3, 4]), [2, 1, 4]),
        new("everything at once", new BroadcastToOp([2, 3, 4, 5]), [3, 1, 5]),
        new("empty", new BroadcastToOp([0, 3]), [1, 3]),
        new("same shape", new BroadcastToOp([2, 3]), [2, 3]),
        new("indices", new BroadcastToOp([3, 4]), Integers([4], DType.I64)),
    ];

    private static IEnumerable<OpCase> Casts()
    {
        foreach (var from in Types)
        {
            foreach (var to in Types)
            {
                if (from != to)
                    yield return new($"{from} to {to}", new CastOp(to), new OpInput([37], InputValues.SmallIntegers) { DType = from, Differentiate = false });
            }
        }

        yield return new("rounding", new CastOp(DType.F16), new OpInput([129]) { Differentiate = false });
        yield return new("rounding", new CastOp(DType.BF16), new OpInput([129]) { Differentiate = false });
        yield return new("truncation", new CastOp(DType.I32), new OpInput([33], InputValues.Positive) { Differentiate = false });
        yield return new("empty", new CastOp(DType.F16), new OpInput([0, 3]) { Differentiate = false });
    }

    private static OpInput Integers(Shape shape, DType dtype) => new(shape, InputValues.SmallIntegers) { DType = dtype, Differentiate = false };
}
