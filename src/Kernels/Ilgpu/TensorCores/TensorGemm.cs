using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The kernels of products on tensor cores, in each format and both tiles.</summary>
/// <typeparam name="TB">Right factor.</typeparam>
/// <typeparam name="TBRow">Its row.</typeparam>
/// <typeparam name="TC">Result.</typeparam>
internal sealed class TensorGemm<TB, TBRow, TC>(string name)
    where TB : struct, ITensorOperand<TBRow>
    where TBRow : unmanaged
    where TC : struct, IGemmOutput
{
    // By GpuPrecision, from TF32 on.
    private readonly GpuKernel<Action<AcceleratorStream, KernelConfig, PackedRows, TB, TC, GemmDepth>>[] _tile64 =
        [Define<FormatTF32, TensorTile64>(name), Define<FormatF16, TensorTile64>(name), Define<FormatBF16, TensorTile64>(name)];

    private readonly GpuKernel<Action<AcceleratorStream, KernelConfig, PackedRows, TB, TC, GemmDepth>>[] _tile128 =
        [Define<FormatTF32, TensorTile128>(name), Define<FormatF16, TensorTile128>(name), Define<FormatBF16, TensorTile128>(name)];

    /// <summary>The kernels.</summary>
    public IEnumerable<GpuKernel> Kernels => [.. _tile64, .. _tile128];

    /// <summary>Launches the product.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="plan">Extents and format.</param>
    /// <param name="large">With the large tile.</param>
    /// <param name="a">Left factor.</param>
    /// <param name="b">Right factor.</param>
    /// <param name="c">Result.</param>
    public void Launch(GpuQueue queue, in GemmPlan plan, bool large, PackedRows a, TB b, TC c)
    {
        var (kernel, side, threads) = large
            ? (_tile128[(int)plan.Precision - 1], TensorTile128.Side, TensorTile128.Threads)
            : (_tile64[(int)plan.Precision - 1], TensorTile64.Side, TensorTile64.Threads);
        queue.Launch(kernel, (plan.Tiles(side), new Index3D(threads, 1, 1)), a, b, c, plan.Depth);
    }

    private static GpuKernel<Action<AcceleratorStream, KernelConfig, PackedRows, TB, TC, GemmDepth>> Define<TFormat, TTile>(string name)
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile =>
        GpuKernel.Define<PackedRows, TB, TC, GemmDepth>(
            $"{name}.{TFormat.Name}.tile{TTile.Side}", TTile.Threads,
            TensorGemmKernel.Run<TensorHardware, TFormat, TTile, TB, TBRow, TC>, TensorGemmKernel.Run<TensorTwin, TFormat, TTile, TB, TBRow, TC>);
}
