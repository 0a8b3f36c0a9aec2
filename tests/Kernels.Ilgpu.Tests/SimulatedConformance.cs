namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>The backend on ILGPU's simulated device with warps of 4, every operator, every small case.</summary>
[TestFixture]
public sealed class Warp4Conformance : BackendConformance
{
    protected override Device Device => "ilgpu-cpu";

    protected override bool Covers(OpCase opCase) => !opCase.Large;

    protected override void Register() => IlgpuBackend.Register();
}

/// <summary>The operators whose kernels combine the lanes of a warp, with warps of 32.</summary>
[TestFixture]
public sealed class Warp32Conformance : BackendConformance
{
    private static readonly string[] WarpOps =
        ["sum", "max", "softmax", "softmax_grad", "log_softmax", "batch_norm_train", "batch_norm_train_grad", "radix_sum_global_avg_pool", "attention_weighted_sum_grad"];

    protected override Device Device => "ilgpu-cpu:1";

    protected override IReadOnlyList<DType> StorageTypes => [];

    protected override bool Covers(OpCase opCase) => !opCase.Large && WarpOps.Contains(opCase.Op.Name);

    protected override void Register() => IlgpuBackend.Register();
}

/// <summary>Every operator with warps of 32.</summary>
[TestFixture, Category("Long")]
public sealed class Warp32FullConformance : BackendConformance
{
    protected override Device Device => "ilgpu-cpu:1";

    protected override bool Covers(OpCase opCase) => !opCase.Large;

    protected override void Register() => IlgpuBackend.Register();
}
