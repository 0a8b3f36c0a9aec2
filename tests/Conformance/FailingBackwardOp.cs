using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>The identity, with a gradient rule that throws: for tests of what an exception leaves behind.</summary>
public sealed record FailingBackwardOp : ViewOp
{
    /// <summary>What the exception says.</summary>
    public const string Message = "this rule fails on purpose";

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => throw new InvalidOperationException(Message);
}
