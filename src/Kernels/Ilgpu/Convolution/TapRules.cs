using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Key and rule of the taps of one group, in the order of the stored weights.</summary>
internal readonly record struct ForwardTaps(ConvGeometry Geometry, int Channels, int KernelH, int KernelW, int Height, int Width)
{
    /// <summary>Positions of the filter.</summary>
    public FilterPositions Positions => new(KernelH, KernelW);

    /// <summary>The taps for tensor cores.</summary>
    public static PatchEntry[] MakeEntries(ForwardTaps key) => PatchEntry.Of(Make(key), key.Positions);

    public static Tap[] Make(ForwardTaps key)
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

        return Tap.Padded(taps);
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
    /// <summary>Positions of the filter that this phase meets: some of the rows and some of the columns.</summary>
    public FilterPositions Positions => new(
        Matching(KernelH, PhaseY + Geometry.PadTop, Geometry.DilationH, Geometry.StrideH),
        Matching(KernelW, PhaseX + Geometry.PadLeft, Geometry.DilationW, Geometry.StrideW));

    /// <summary>Number of taps.</summary>
    public int Count => Outputs * Positions.Count;

    /// <summary>The taps for tensor cores.</summary>
    public static PatchEntry[] MakeEntries(InputGradTaps key) => PatchEntry.Of(Make(key), key.Positions);

    public static Tap[] Make(InputGradTaps key)
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

        return Tap.Padded(taps);
    }

    private static int Matching(int kernel, int from, int dilation, int stride) =>
        Enumerable.Range(0, kernel).Count(r => (from - r * dilation) % stride == 0);
}
