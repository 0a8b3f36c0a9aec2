using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Multiply-adds in registers and nothing else: what the arithmetic of a device gives at best.</summary>
/// <remarks>Mapping: eight independent chains a thread, which hide the latency of an instruction. No traffic.</remarks>
internal static class PeakKernel
{
    /// <summary>Operations of one step of one thread.</summary>
    public const int FlopsPerStep = 2 * 8 * 8;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, int>> Kernel =
        GpuKernel.Define<ArrayView<float>, int>("bench.multiply-add", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> result, int steps)
    {
        var low = default(Float4);
        var high = default(Float4);
        var factors = default(Float4);
        low.X = Group.IdxX * 1e-6f;
        factors.X = 0.999f;
        factors.Y = 0.998f;
        factors.Z = 0.997f;
        factors.W = 0.996f;
        for (int i = 0; i < steps; i++)
        {
            Step(ref low, ref high, factors);
            Step(ref low, ref high, factors);
            Step(ref low, ref high, factors);
            Step(ref low, ref high, factors);
            Step(ref low, ref high, factors);
            Step(ref low, ref high, factors);
            Step(ref low, ref high, factors);
            Step(ref low, ref high, factors);
        }

        // The sums must have a use, or the compiler takes the loop away.
        result[Grid.GlobalIndex.X] = low.X + low.Y + low.Z + low.W + high.X + high.Y + high.Z + high.W;
    }

    // x · a + a' in every chain: the result of one step is a factor of the next.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ref Float4 low, ref Float4 high, Float4 a)
    {
        low.X = low.X * a.X + a.Y;
        low.Y = low.Y * a.Y + a.Z;
        low.Z = low.Z * a.Z + a.W;
        low.W = low.W * a.W + a.X;
        high.X = high.X * a.Y + a.Y;
        high.Y = high.Y * a.Z + a.Z;
        high.Z = high.Z * a.W + a.W;
        high.W = high.W * a.X + a.X;
    }
}
