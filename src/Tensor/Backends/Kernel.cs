namespace ResNeSt.Tensors.Backends;

/// <summary>Computes one operator on one backend. A kernel neither allocates tensors nor waits for the device nor throws on shapes: those were checked.</summary>
public abstract class Kernel
{
    /// <summary>The operator record that this kernel computes.</summary>
    public abstract Type OpType { get; }

    /// <summary>Name for traces and tables.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Whether this kernel can compute <paramref name="op"/> on inputs of these shapes and types.</summary>
    public abstract bool CanRun(Op op, ReadOnlySpan<TensorSpec> inputs);

    /// <summary>Computes <paramref name="op"/> and writes every element of every output.</summary>
    public abstract void Launch(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs);
}

/// <summary>A kernel for one operator type; the base of nearly every kernel.</summary>
/// <typeparam name="TOp">The operator record.</typeparam>
public abstract class Kernel<TOp> : Kernel
    where TOp : Op
{
    /// <inheritdoc/>
    public sealed override Type OpType => typeof(TOp);

    /// <inheritdoc/>
    public sealed override bool CanRun(Op op, ReadOnlySpan<TensorSpec> inputs) => Supports((TOp)op, inputs);

    /// <inheritdoc/>
    public override void Launch(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Run((TOp)op, inputs, outputs);

    /// <summary>Whether this kernel can compute <paramref name="op"/> on inputs of these shapes and types.</summary>
    protected abstract bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs);

    /// <summary>Computes <paramref name="op"/> and writes every element of every output; outputs arrive uninitialised.</summary>
    protected abstract void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs);
}
