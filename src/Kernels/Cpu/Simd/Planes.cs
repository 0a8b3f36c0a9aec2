using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Loops over contiguous rows that several families of kernels share: sums and maps with constants.</summary>
/// <remarks>Sums go by blocks that fit the first-level cache: lanes add in F32 within a block, blocks in double. The order depends on the
/// length alone.</remarks>
/// <typeparam name="TLanes">The vectors.</typeparam>
internal static unsafe class Planes<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Elements of a block: 16 KB.</summary>
    public const int Block = 4096;

    private const int MostLanes = 16;

    /// <summary>Σ x.</summary>
    public static double Sum(float* x, int count)
    {
        double total = 0;
        for (int start = 0; start < count; start += Block)
            total += BlockSum(x + start, Math.Min(Block, count - start));
        return total;
    }

    /// <summary>Σ a·b.</summary>
    public static double Dot(float* a, float* b, int count)
    {
        double total = 0;
        for (int start = 0; start < count; start += Block)
        {
            float* left = a + start, right = b + start;
            int length = Math.Min(Block, count - start), i = 0;
            if (length >= 2 * TLanes.Count)
            {
                TLanes s0 = TLanes.Broadcast(0), s1 = s0;
                for (; i <= length - 2 * TLanes.Count; i += 2 * TLanes.Count)
                {
                    s0 = TLanes.MultiplyAdd(TLanes.Load(left + i), TLanes.Load(right + i), s0);
                    s1 = TLanes.MultiplyAdd(TLanes.Load(left + i + TLanes.Count), TLanes.Load(right + i + TLanes.Count), s1);
                }

                total += Horizontal(s0 + s1);
            }

            for (; i < length; i++)
                total += (double)left[i] * right[i];
        }

        return total;
    }

    /// <summary>y = (x - subtrahend) · scale + shift.</summary>
    public static void ScaleShift(float* x, float* y, int count, float subtrahend, float scale, float shift)
    {
        TLanes m = TLanes.Broadcast(subtrahend), a = TLanes.Broadcast(scale), b = TLanes.Broadcast(shift);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            TLanes.MultiplyAdd(TLanes.Load(x + i) - m, a, b).Store(y + i);
        for (; i < count; i++)
            y[i] = float.MultiplyAddEstimate(x[i] - subtrahend, scale, shift);
    }

    /// <summary>y = max((x - subtrahend) · scale + shift, limit); NaN stays.</summary>
    public static void ScaleShift(float* x, float* y, int count, float subtrahend, float scale, float shift, float limit)
    {
        TLanes m = TLanes.Broadcast(subtrahend), a = TLanes.Broadcast(scale), b = TLanes.Broadcast(shift), least = TLanes.Broadcast(limit);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            TLanes.AtLeast(TLanes.MultiplyAdd(TLanes.Load(x + i) - m, a, b), least).Store(y + i);
        for (; i < count; i++)
        {
            float value = float.MultiplyAddEstimate(x[i] - subtrahend, scale, shift);
            y[i] = value < limit ? limit : value;
        }
    }

    /// <summary>y = x · scale.</summary>
    public static void Scale(float* x, float* y, int count, float scale)
    {
        var a = TLanes.Broadcast(scale);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            (TLanes.Load(x + i) * a).Store(y + i);
        for (; i < count; i++)
            y[i] = x[i] * scale;
    }

    /// <summary>Sum of the lanes, in double.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static double Horizontal(TLanes value)
    {
        float* lanes = stackalloc float[MostLanes];
        value.Store(lanes);
        double sum = 0;
        for (int i = 0; i < TLanes.Count; i++)
            sum += lanes[i];
        return sum;
    }

    /// <summary>The largest lane; NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static float HorizontalMax(TLanes value)
    {
        float* lanes = stackalloc float[MostLanes];
        value.Store(lanes);
        float max = lanes[0];
        for (int i = 1; i < TLanes.Count; i++)
            max = Math.Max(max, lanes[i]);
        return max;
    }

    private static double BlockSum(float* x, int count)
    {
        double total = 0;
        int i = 0;
        if (count >= 4 * TLanes.Count)
        {
            TLanes s0 = TLanes.Broadcast(0), s1 = s0, s2 = s0, s3 = s0;
            for (; i <= count - 4 * TLanes.Count; i += 4 * TLanes.Count)
            {
                s0 += TLanes.Load(x + i);
                s1 += TLanes.Load(x + i + TLanes.Count);
                s2 += TLanes.Load(x + i + 2 * TLanes.Count);
                s3 += TLanes.Load(x + i + 3 * TLanes.Count);
            }

            total = Horizontal(s0 + s1 + (s2 + s3));
        }

        if (i <= count - TLanes.Count)
        {
            var rest = TLanes.Broadcast(0);
            for (; i <= count - TLanes.Count; i += TLanes.Count)
                rest += TLanes.Load(x + i);
            total += Horizontal(rest);
        }

        for (; i < count; i++)
            total += x[i];
        return total;
    }
}
