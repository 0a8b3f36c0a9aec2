using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Products of tensor cores in registers and nothing else: what they give at best in a format. On CUDA only.</summary>
/// <remarks>Mapping: each warp multiplies a 64×32 part as the products do, sixteen independent sums, over and over. No traffic.</remarks>
internal static class PeakTensorKernel<TFormat>
    where TFormat : struct, ITensorFormat
{
    /// <summary>Operations of one step of one thread: a warp's part times eight words of depth.</summary>
    public static readonly double FlopsPerStep = 2.0 * 64 * 32 * 8 * TFormat.PerWord / WarpRegisters.Lanes;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, int>> Kernel =
        GpuKernel.Define<ArrayView<float>, int>($"bench.{TFormat.Name}-mma", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> result, int steps)
    {
        if (!CudaAsm.IsSupported)
            return;
        WarpRegisters.Declare();
        // Small numbers in every format.
        WarpRegisters.Fill(0x2C002C00u + (uint)Group.IdxX);
        for (int i = 0; i < steps; i++)
            TFormat.MultiplyAdd();
        // The sums must have a use, or the compiler takes the loop away.
        var sums = default(MicroTile);
        WarpRegisters.Collect(ref sums);
        result[Grid.GlobalIndex.X] = Sum(sums.L0, sums.R0) + Sum(sums.L1, sums.R1) + Sum(sums.L2, sums.R2) + Sum(sums.L3, sums.R3)
            + Sum(sums.L4, sums.R4) + Sum(sums.L5, sums.R5) + Sum(sums.L6, sums.R6) + Sum(sums.L7, sums.R7);
    }

    private static float Sum(Float4 left, Float4 right) => left.X + left.Y + left.Z + left.W + right.X + right.Y + right.Z + right.W;
}
