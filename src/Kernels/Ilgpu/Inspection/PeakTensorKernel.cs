using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Products of tensor cores in registers and nothing else: what they give at best in a format. On CUDA only.</summary>
/// <remarks>Mapping: four independent sums a warp; with the eight warps of a group they hide the latency of an instruction. No traffic.</remarks>
internal static class PeakTensorKernel<TFormat>
    where TFormat : struct, IPeakFormat
{
    // An mma gives 16 × 8 sums; two numbers of each of 32 lanes are one warp's.
    private const int Sums = 4, Lanes = 32;

    /// <summary>Operations of one step of one thread.</summary>
    public static readonly double FlopsPerStep = 2.0 * Sums * 16 * 8 * TFormat.Depth / Lanes;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, int>> Kernel =
        GpuKernel.Define<ArrayView<float>, int>($"bench.{TFormat.Name}-mma", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> result, int steps)
    {
        if (!CudaAsm.IsSupported)
            return;
        var sums = default(PeakSums);
        var factors = default(PeakFactors);
        // Small numbers in every format.
        factors.A.Value = 0x2C002C00u + (uint)Group.IdxX;
        factors.B.Value = 0x2C002C01u;
        factors.C.Value = 0x2C012C00u;
        factors.D.Value = 0x2C012C01u;
        factors.E.Value = 0x2C022C00u;
        factors.F.Value = 0x2C002C02u;
        for (int i = 0; i < steps; i++)
        {
            TFormat.MultiplyAdd(ref sums.X0, ref sums.Y0, ref sums.Z0, ref sums.W0, ref factors);
            TFormat.MultiplyAdd(ref sums.X1, ref sums.Y1, ref sums.Z1, ref sums.W1, ref factors);
            TFormat.MultiplyAdd(ref sums.X2, ref sums.Y2, ref sums.Z2, ref sums.W2, ref factors);
            TFormat.MultiplyAdd(ref sums.X3, ref sums.Y3, ref sums.Z3, ref sums.W3, ref factors);
        }

        // The sums must have a use, or the compiler takes the loop away.
        result[Grid.GlobalIndex.X] = sums.X0.Value + sums.Y0.Value + sums.Z0.Value + sums.W0.Value + sums.X1.Value + sums.Y1.Value + sums.Z1.Value + sums.W1.Value
            + sums.X2.Value + sums.Y2.Value + sums.Z2.Value + sums.W2.Value + sums.X3.Value + sums.Y3.Value + sums.Z3.Value + sums.W3.Value;
    }
}

/// <summary>What a lane holds of four tiles of sums.</summary>
internal struct PeakSums
{
    public Ref<float> X0, Y0, Z0, W0, X1, Y1, Z1, W1, X2, Y2, Z2, W2, X3, Y3, Z3, W3;
}

/// <summary>What a lane holds of the factors: four words of the left, two of the right.</summary>
internal struct PeakFactors
{
    public Ref<uint> A, B, C, D, E, F;
}

/// <summary>A number format whose products are timed.</summary>
internal interface IPeakFormat
{
    /// <summary>Name in kernel names.</summary>
    static abstract string Name { get; }

    /// <summary>Products that one instruction adds to each sum.</summary>
    static abstract int Depth { get; }

    /// <summary>One instruction.</summary>
    static abstract void MultiplyAdd(ref Ref<float> x, ref Ref<float> y, ref Ref<float> z, ref Ref<float> w, ref PeakFactors by);
}

internal readonly struct PeakF16 : IPeakFormat
{
    public static string Name => "f16";

    public static int Depth => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(ref Ref<float> x, ref Ref<float> y, ref Ref<float> z, ref Ref<float> w, ref PeakFactors by) => CudaAsm.EmitRef(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};",
        ref x, ref y, ref z, ref w, ref by.A, ref by.B, ref by.C, ref by.D, ref by.E, ref by.F);
}

internal readonly struct PeakBF16 : IPeakFormat
{
    public static string Name => "bf16";

    public static int Depth => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(ref Ref<float> x, ref Ref<float> y, ref Ref<float> z, ref Ref<float> w, ref PeakFactors by) => CudaAsm.EmitRef(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};",
        ref x, ref y, ref z, ref w, ref by.A, ref by.B, ref by.C, ref by.D, ref by.E, ref by.F);
}

internal readonly struct PeakTF32 : IPeakFormat
{
    public static string Name => "tf32";

    public static int Depth => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(ref Ref<float> x, ref Ref<float> y, ref Ref<float> z, ref Ref<float> w, ref PeakFactors by) => CudaAsm.EmitRef(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};",
        ref x, ref y, ref z, ref w, ref by.A, ref by.B, ref by.C, ref by.D, ref by.E, ref by.F);
}
