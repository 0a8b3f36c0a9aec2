namespace ResNeSt.Tensors.Tests;

/// <summary>The oracle in F32 against itself in F64: storage types, lifetimes, determinism.</summary>
public sealed class ReferenceConformance : BackendConformance
{
    protected override Device Device => Device.Reference;

    protected override bool Covers(OpCase opCase) => !opCase.Large;
}
