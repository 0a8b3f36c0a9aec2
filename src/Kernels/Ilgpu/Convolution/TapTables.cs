using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The tap tables of a device, by layer geometry; a few kilobytes each, made once.</summary>
internal sealed class TapTables(GpuQueue queue) : IDisposable
{
    private readonly Dictionary<object, (MemoryBuffer Block, int Count)> _tables = [];
    private readonly Lock _gate = new();

    /// <summary>The table of a key, made by <paramref name="make"/> at the first call.</summary>
    /// <returns>The taps and how many of them are real; the table is filled up with <see cref="Tap.None"/> to a multiple of the step of a product.</returns>
    public (ArrayView<Tap> Taps, int Count) Get<TKey>(TKey key, Func<TKey, List<Tap>> make)
        where TKey : notnull
    {
        lock (_gate)
        {
            if (!_tables.TryGetValue(key, out var table))
            {
                var taps = make(key);
                int count = taps.Count;
                do
                    taps.Add(Tap.None);
                while (taps.Count % GemmKernel.Step != 0);
                _tables.Add(key, table = (queue.Upload(taps.ToArray()), count));
            }

            return (table.Block.AsArrayView<Tap>(0, table.Block.Length), table.Count);
        }
    }

    public void Dispose()
    {
        foreach (var (block, _) in _tables.Values)
            block.Dispose();
        _tables.Clear();
    }
}

/// <summary>Key and rule of the taps of one group, in the order of the stored weights.</summary>
internal readonly record struct ForwardTaps(ConvGeometry Geometry, int Channels, int KernelH, int KernelW, int Height, int Width)
{
    public static List<Tap> Make(ForwardTaps key)
    {
        var taps = new List<Tap>();
        for (int c = 0; c < key.Channels; c++)
        {
            for (int r = 0; r < key.KernelH; r++)
            {
                for (int s = 0; s < key.KernelW; s++)
                {
                    int y = r * key.Geometry.DilationH, x = s * key.Geometry.DilationW;
                    taps.Add(new Tap((c * key.Height + y) * key.Width + x, y, x, taps.Count));
                }
            }
        }

        return taps;
    }
}

/// <summary>Key and rule of the taps through which one phase of input pixels meets the output's gradient.</summary>
/// <remarks>Input pixel i is met by window o at tap r where i + pad = o · stride + r · dilation. For the pixels i = stride · i' + phase
/// that is o = i' + (phase + pad - r · dilation) / stride, for just those taps whose division leaves no rest: each phase is a dense
/// convolution of stride one with some of the taps, and nothing is multiplied by the zeros between.</remarks>
/// <param name="Geometry">Of the forward convolution.</param>
/// <param name="PhaseY">Row within the stride.</param>
/// <param name="PhaseX">Column within the stride.</param>
/// <param name="Outputs">Output channels of a group.</param>
/// <param name="WeightStride">Weights of an output channel.</param>
/// <param name="KernelH">Rows of the filter.</param>
/// <param name="KernelW">Columns of the filter.</param>
/// <param name="Height">Rows of the output's gradient.</param>
/// <param name="Width">Columns of the output's gradient.</param>
internal readonly record struct InputGradTaps(
    ConvGeometry Geometry, int PhaseY, int PhaseX, int Outputs, int WeightStride, int KernelH, int KernelW, int Height, int Width)
{
    public static List<Tap> Make(InputGradTaps key)
    {
        var g = key.Geometry;
        var taps = new List<Tap>();
        for (int o = 0; o < key.Outputs; o++)
        {
            for (int r = 0; r < key.KernelH; r++)
            {
                int fromY = key.PhaseY + g.PadTop - r * g.DilationH;
                if (fromY % g.StrideH != 0)
                    continue;
                for (int s = 0; s < key.KernelW; s++)
                {
                    int fromX = key.PhaseX + g.PadLeft - s * g.DilationW;
                    if (fromX % g.StrideW != 0)
                        continue;
                    int y = fromY / g.StrideH, x = fromX / g.StrideW;
                    taps.Add(new Tap((o * key.Height + y) * key.Width + x, y, x, o * key.WeightStride + r * key.KernelW + s));
                }
            }
        }

        return taps;
    }
}
