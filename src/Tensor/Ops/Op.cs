using System.Collections.Concurrent;
using System.Text;

namespace ResNeSt.Tensors;

/// <summary>One operator with its attributes, as an immutable value: two equal records compute the same.</summary>
/// <remarks>Attributes must be value types or records themselves (an array would compare by reference).
/// Shape rules live in <see cref="Infer"/> alone; kernels may rely on them.</remarks>
public abstract record Op
{
    private static readonly ConcurrentDictionary<Type, string> Names = new();

    /// <summary>Name for messages, traces and tables: the record's name in snake case without "Op".</summary>
    public string Name => Names.GetOrAdd(GetType(), MakeName);

    /// <summary>Specs of the outputs for inputs of the given specs.</summary>
    /// <exception cref="ShapeException">The inputs do not fit; the message names the operator and every shape.</exception>
    public abstract TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs);

    /// <summary>The least work this operator can cost on such inputs.</summary>
    public virtual OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        long flops = 0;
        foreach (var output in outputs)
            flops += output.ElementCount;
        return OpCost.Streaming(inputs, outputs, flops);
    }

    /// <summary>Whether <see cref="Backward"/> looks at the value of an input; if not, its memory may be freed early.</summary>
    public virtual bool SavesInput(int index) => true;

    /// <summary>Whether <see cref="Backward"/> looks at the value of an output.</summary>
    public virtual bool SavesOutput(int index) => false;

    /// <summary>Whether a gradient can flow back through an output; false for indices and masks.</summary>
    public virtual bool IsDifferentiable(int output) => true;

    /// <summary>Computes the gradients of the inputs from those of the outputs by other operators.</summary>
    public abstract void Backward(BackwardContext context);

    /// <summary>Throws a <see cref="ShapeException"/> that begins with the operator's name and ends with all input specs.</summary>
    protected ShapeException Error(string what, ReadOnlySpan<TensorSpec> inputs) =>
        new($"{Name}: {what} (inputs {string.Join(", ", inputs.ToArray())})");

    /// <summary>Checks the number of inputs.</summary>
    protected void RequireInputs(ReadOnlySpan<TensorSpec> inputs, int least, int most)
    {
        if (inputs.Length < least || inputs.Length > most)
            throw Error($"takes {(least == most ? $"{least}" : $"{least} to {most}")} inputs, got {inputs.Length}", inputs);
    }

    /// <summary>Checks that all inputs are floating-point tensors of one type and returns it.</summary>
    protected DType RequireFloat(ReadOnlySpan<TensorSpec> inputs)
    {
        foreach (var input in inputs)
        {
            if (!input.DType.IsFloatingPoint)
                throw Error($"needs floating-point inputs, got {input.DType}; cast first", inputs);
            if (input.DType != inputs[0].DType)
                throw Error($"needs inputs of one element type, got {inputs[0].DType} and {input.DType}; cast first", inputs);
        }

        return inputs[0].DType;
    }

    /// <summary>Checks the rank of one input.</summary>
    protected void RequireRank(ReadOnlySpan<TensorSpec> inputs, int index, int rank, string form)
    {
        if (inputs[index].Shape.Rank != rank)
            throw Error($"input {index} must have {rank} axes {form}, got {inputs[index].Shape}", inputs);
    }

    private static string MakeName(Type type)
    {
        string name = type.Name.EndsWith("Op", StringComparison.Ordinal) ? type.Name[..^2] : type.Name;
        var text = new StringBuilder();
        foreach (char c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}

/// <summary>An operator that every backend must implement and that the reference backend defines by scalar loops.</summary>
public abstract record PrimitiveOp : Op;

/// <summary>An operator that shares its input's storage under another shape; it has no kernel.</summary>
public abstract record ViewOp : Op
{
    /// <inheritdoc/>
    public sealed override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public sealed override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => default;
}

/// <summary>An operator whose meaning is given by other operators. A backend may replace it by one fused kernel; its gradient is that
/// of the definition, recomputed, unless it overrides <see cref="Backward"/>.</summary>
public abstract record CompositeOp : Op
{
    /// <summary>The meaning: the outputs computed by other operators.</summary>
    public abstract Tensor[] Define(ReadOnlySpan<Tensor> inputs);

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.DifferentiateDefinition(this);
}

/// <summary>An operator that overwrites some of its inputs, outside of gradient recording: optimiser steps and running statistics.</summary>
public abstract record InPlaceOp : Op
{
    /// <summary>How many of the leading inputs are overwritten; <see cref="Infer"/> returns their specs.</summary>
    public abstract int WrittenInputs { get; }

    /// <summary>The meaning: the new values of the overwritten inputs, computed by other operators.</summary>
    public abstract Tensor[] Define(ReadOnlySpan<Tensor> inputs);

    /// <inheritdoc/>
    public sealed override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        Validate(inputs);
        return inputs[..WrittenInputs].ToArray();
    }

    /// <inheritdoc/>
    public sealed override void Backward(BackwardContext context) =>
        throw new NotSupportedException($"{Name}: overwrites its inputs and has no gradient");

    /// <summary>Checks the inputs.</summary>
    /// <exception cref="ShapeException">The inputs do not fit.</exception>
    protected abstract void Validate(ReadOnlySpan<TensorSpec> inputs);
}
