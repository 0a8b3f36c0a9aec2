using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How tensor cores get the right factor of a product; the left one is always packed.</summary>
/// <typeparam name="TB">Right factor, as the plain kernels take it.</typeparam>
/// <typeparam name="TC">Result.</typeparam>
internal abstract class TensorProduct<TB, TC>
    where TB : struct
    where TC : struct, IGemmOutput
{
    /// <summary>The kernels.</summary>
    public abstract IEnumerable<GpuKernel> Kernels { get; }

    /// <summary>Launches the product.</summary>
    public abstract void Launch(GpuQueue queue, in GemmPlan plan, bool large, PackedRows a, TB b, TC c);
}

/// <summary>The right factor is a stored matrix, and packed too.</summary>
internal sealed class PackedProduct<TB, TBRow, TBDepth, TC>(TensorGemm<PackedRows, int, TC> gemm) : TensorProduct<TB, TC>
    where TB : struct, IGemmOperand<TBRow, TBDepth>
    where TBRow : unmanaged
    where TBDepth : unmanaged
    where TC : struct, IGemmOutput
{
    public override IEnumerable<GpuKernel> Kernels => [.. gemm.Kernels, .. TensorPack<TB, TBRow, TBDepth>.Kernels];

    public override void Launch(GpuQueue queue, in GemmPlan plan, bool large, PackedRows a, TB b, TC c)
    {
        using var right = TensorPack<TB, TBRow, TBDepth>.Pack(queue, plan, b, plan.Columns);
        gemm.Launch(queue, plan, large, a, right.Rows, c);
    }
}

/// <summary>The right factor are patches of images, which would be several times the images if they were stored.</summary>
internal sealed class GatheredProduct<TB, TC>(TensorGemm<GatheredRows, GatheredRow, TC> gemm) : TensorProduct<TB, TC>
    where TB : struct, IPatches
    where TC : struct, IGemmOutput
{
    public override IEnumerable<GpuKernel> Kernels => [.. gemm.Kernels, PatchWindows.Kernel];

    public override void Launch(GpuQueue queue, in GemmPlan plan, bool large, PackedRows a, TB b, TC c)
    {
        // As depth, pixels fill whole slices.
        int pixels = (b.Gather.Pixels + TensorGemmKernel.Slice - 1) / TensorGemmKernel.Slice * TensorGemmKernel.Slice;
        using var windows = new Workspace(queue, 2L * pixels);
        var entries = windows.Floats.Cast<PatchEntry>();
        queue.Launch(PatchWindows.Kernel, queue.Over(pixels, 1), b.Gather, entries);
        gemm.Launch(queue, plan, large, a, b.Gathered(entries), c);
    }
}
