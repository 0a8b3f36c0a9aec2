namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>The backend on ILGPU's simulated device with warps of 4, every operator, every small case.</summary>
[TestFixture]
public sealed class Warp4Conformance : BackendConformance
{
    protected override Device Device => "ilgpu-cpu";

    protected override bool Covers(OpCase opCase) => !opCase.Large;

    protected override void Register() => IlgpuBackend.Register();
}

/// <summary>The same with warps of 32.</summary>
[TestFixture]
public sealed class Warp32Conformance : BackendConformance
{
    protected override Device Device => "ilgpu-cpu:1";

    protected override bool Covers(OpCase opCase) => !opCase.Large;

    protected override void Register() => IlgpuBackend.Register();
}
