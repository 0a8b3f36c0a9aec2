using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Copies image rows with their padding, each parted by the column step of a grid, so that neighbouring outputs find their pixels side by side.</summary>
internal static unsafe class RowStaging
{
    /// <summary>Stages rows of one plane; rows that the grid's strides leave out are padding too.</summary>
    /// <param name="taps">The grid.</param>
    /// <param name="plane">The source plane.</param>
    /// <param name="firstRow">First source row; may lie in the padding.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="padding">What lies outside of the plane.</param>
    /// <param name="stage">Room for <paramref name="rows"/> · <see cref="ImageTaps.RowPitch"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(ImageTaps taps, float* plane, int firstRow, int rows, float padding, float* stage)
    {
        int width = taps.Width, step = taps.StepW, pitch = taps.Pitch;
        for (int r = 0; r < rows; r++)
        {
            if (r % taps.StepH >= taps.RowSpan || (uint)(firstRow + r) >= (uint)taps.Height)
            {
                new Span<float>(stage, taps.RowPitch).Fill(padding);
                stage += taps.RowPitch;
                continue;
            }

            float* row = plane + (nint)(firstRow + r) * width;
            for (int phase = 0; phase < taps.Phases; phase++, stage += pitch)
            {
                // Element i is pixel first + i · step: those before pixel 0 and behind the last are padding.
                int first = taps.FirstColumn + phase;
                int from = Math.Min(pitch, first >= 0 ? 0 : (-first + step - 1) / step);
                int to = first >= width ? from : Math.Clamp((width - first + step - 1) / step, from, pitch);
                for (int i = 0; i < from; i++)
                    stage[i] = padding;
                CopyStrided(row + first + from * step, step, stage + from, to - from);
                for (int i = to; i < pitch; i++)
                    stage[i] = padding;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyStrided(float* source, int step, float* target, int count)
    {
        if (step == 1)
        {
            new Span<float>(source, count).CopyTo(new Span<float>(target, count));
            return;
        }

        int i = 0;
        if (step == 2 && Sse.IsSupported)
        {
            // The last pixel of the second vector is not asked for, so it may not exist: stay one output away from the end.
            for (; i + 5 <= count; i += 4)
                Sse.Shuffle(Vector128.Load(source + 2 * i), Vector128.Load(source + 2 * i + 4), 0b10_00_10_00).Store(target + i);
        }

        for (; i < count; i++)
            target[i] = source[i * step];
    }
}
