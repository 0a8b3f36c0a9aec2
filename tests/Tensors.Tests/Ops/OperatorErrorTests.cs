namespace ResNeSt.Tensors.Tests;

/// <summary>Wrong arguments of elementwise operators, reductions and movements: the message begins with the operator and states what it got.</summary>
public sealed class OperatorErrorTests
{
    private static readonly (Op Op, TensorSpec[] Inputs, string[] Parts)[] Wrong =
    [
        (new AddOp(), [F32([2, 3]), F32([4])], ["[2,3]", "[4]"]),
        (new AddOp(), [F32([2]), new([2], DType.F16)], ["F32", "F16", "cast"]),
        (new MultiplyOp(), [new([2], DType.I64), new([2], DType.I64)], ["floating-point", "I64"]),
        (new ReluOp(), [F32([2]), F32([2])], ["1 inputs", "got 2"]),
        (new WhereOp(), [F32([2]), F32([3]), F32([])], ["[2]", "[3]"]),
        (new ReluGradOp(), [F32([2]), F32([3])], ["[2]", "[3]"]),
        (new SumOp([2], false), [F32([2, 3])], ["axis 2", "[2,3]"]),
        (new MeanOp([1], false), [F32([2])], ["axis 1", "[2]"]),
        (new MaxOp([0], false), [F32([0, 3])], ["no elements", "[0,3]"]),
        (new ArgMaxOp(1), [F32([2, 0])], ["no elements", "[2,0]"]),
        (new ArgMaxOp(3), [F32([2])], ["axis 3", "[2]"]),
        (new PermuteOp([1, 0]), [F32([2, 3, 4])], ["[1,0]", "[2,3,4]"]),
        (new SliceOp(0, 1, 3), [F32([3])], ["1 to 4", "[3]"]),
        (new SliceOp(0, -1, 1), [F32([3])], ["-1"]),
        (new SliceOp(2, 0, 1), [F32([3])], ["axis 2"]),
        (new ConcatOp(0), [F32([2, 3]), F32([2, 4])], ["[2,3]", "[2,4]", "axis 0"]),
        (new ConcatOp(0), [F32([2]), new([2], DType.U8)], ["F32", "U8"]),
        (new PadOp(0, 3, 0, PadMode.Reflect), [F32([3])], ["Reflect", "at most 2"]),
        (new PadOp(0, 4, 0, PadMode.Circular), [F32([3])], ["Circular", "at most 3"]),
        (new PadOp(0, 1, 0, PadMode.Replicate), [F32([0])], ["Replicate", "at most 0"]),
        (new PadOp(0, -2, -2), [F32([3])], ["leaves -1"]),
        (new PadGradOp(0, 1, 1, PadMode.Constant), [F32([3])], ["Constant"]),
        (new BroadcastToOp([4, 3]), [F32([2, 3])], ["[2,3]", "[4,3]"]),
        (new ReshapeOp([7]), [F32([2, 3])], ["6 elements", "[7]"]),
        (new OneHotOp(3, DType.F32), [F32([2])], ["I64", "F32"]),
        (new DropoutOp(1.5, 0), [F32([2])], ["[0, 1]", "1.5"]),
        (new DropoutOp(double.NaN, 0), [F32([2])], ["[0, 1]"]),
        (new AssignLerpOp(0.1), [F32([2]), F32([3])], ["[2]", "[3]"]),
        (new SgdStepOp(0.1, 0, 0, false), [F32([2]), F32([2])], ["3 inputs", "got 2"]),
    ];

    [TestCaseSource(nameof(Messages))]
    public void Infer_OfWrongInputs_NamesTheOperatorAndWhatItGot(Op op, TensorSpec[] inputs, string[] parts)
    {
        var error = Assert.Throws<ShapeException>(() => op.Infer(inputs));

        Assert.That(error!.Message, Does.StartWith($"{op.Name}: "));
        foreach (string part in parts)
            Assert.That(error.Message, Does.Contain(part));
    }

    private static IEnumerable<TestCaseData> Messages() =>
        Wrong.Select(w => new TestCaseData(w.Op, w.Inputs, w.Parts).SetArgDisplayNames($"{w.Op} of {string.Join(", ", w.Inputs)}"));

    private static TensorSpec F32(Shape shape) => new(shape, DType.F32);
}
