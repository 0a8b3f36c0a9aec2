using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>A tensor that belongs to a module's state and is not learned: running statistics and counters.</summary>
public sealed class ModuleBuffer : StateTensor
{
    internal ModuleBuffer(string name, Shape shape, Initializer initializer, DType? fixedType, bool optional)
        : base(name, shape, fixedType, initializer)
    {
        IsOptional = optional;
    }

    /// <inheritdoc/>
    public override bool IsOptional { get; }
}
