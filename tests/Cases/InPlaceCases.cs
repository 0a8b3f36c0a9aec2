using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Operators that overwrite their first inputs.</summary>
public static class InPlaceCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All =>
    [
        new("running mean", new AssignLerpOp(0.1), Fixed([64]), Fixed([64])),
        new("tail", new AssignLerpOp(0.001), Fixed([3, 7]), Fixed([3, 7])),
        new("nothing", new AssignLerpOp(0), Fixed([5]), Fixed([5])),
        new("everything", new AssignLerpOp(1), Fixed([5]), Fixed([5])),
        new("empty", new AssignLerpOp(0.5), Fixed([0]), Fixed([0])),
        new("plain", new SgdStepOp(0.1, 0, 0, false), Fixed([37]), Fixed([37]), Fixed([37])),
        new("momentum and decay", new SgdStepOp(0.1, 0.9, 1e-4, false), Fixed([5, 3, 3, 3]), Fixed([5, 3, 3, 3]), Fixed([5, 3, 3, 3])),
        new("nesterov", new SgdStepOp(0.05, 0.9, 1e-4, true), Fixed([16, 5]), Fixed([16, 5]), Fixed([16, 5])),
        new("empty", new SgdStepOp(0.1, 0.9, 0, false), Fixed([0]), Fixed([0]), Fixed([0])),
        new("resnest50 stage 4 weight", new SgdStepOp(0.1, 0.9, 1e-4, true), Fixed([512, 256, 3, 3]), Fixed([512, 256, 3, 3]), Fixed([512, 256, 3, 3])) { Large = true },
        new("first step", new AdamWStepOp(0.01, 0.9, 0.999, 1e-8, 0.05, 1), Fixed([37]), Fixed([37]), Positive([37]), Fixed([37])),
        new("later, other betas", new AdamWStepOp(0.001, 0.8, 0.99, 1e-6, 0, 1000), Fixed([5, 3, 3, 3]), Fixed([5, 3, 3, 3]), Positive([5, 3, 3, 3]), Fixed([5, 3, 3, 3])),
        new("pointwise weight", new AdamWStepOp(0.01, 0.9, 0.999, 1e-8, 0.05, 3), Fixed([16, 8, 1, 1]), Fixed([16, 8, 1, 1]), Positive([16, 8, 1, 1]), Fixed([16, 8, 1, 1])),
        new("empty", new AdamWStepOp(0.1, 0.9, 0.999, 1e-8, 0, 1), Fixed([0]), Fixed([0]), Fixed([0]), Fixed([0])),
        new("resnest50 stage 3 weight", new AdamWStepOp(0.001, 0.9, 0.999, 1e-8, 0.05, 10), Fixed([256, 128, 3, 3]), Fixed([256, 128, 3, 3]), Positive([256, 128, 3, 3]), Fixed([256, 128, 3, 3])) { Large = true },
    ];

    private static OpInput Positive(Shape shape) => new(shape, InputValues.Positive) { Differentiate = false };

    private static OpInput Fixed(Shape shape) => new(shape) { Differentiate = false };
}
