namespace ResNeSt.Tensors.Tests;

/// <summary>Lifetimes with every composite run by its definition.</summary>
public sealed class ReferenceLifetime : LifetimeConformance
{
    protected override Device Device => Device.Reference;
}
