using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Sums over the rows and columns of windows that all count alike. Each element has one order of addition, whatever vector holds it.</summary>
internal static unsafe class PoolRows<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>target[i] = the sum of element i of <paramref name="count"/> rows, from the first to the last; zero if there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(float* rows, nint pitch, int count, float* target, int length)
    {
        if (count == 0)
        {
            new Span<float>(target, length).Clear();
            return;
        }

        int i = SumVectors<TLanes>(rows, pitch, count, target, length, 0);
        // Deep layers have narrow images.
        if (TLanes.Count > 8)
            i = SumVectors<Lanes256>(rows, pitch, count, target, length, i);
        if (TLanes.Count > 4)
            i = SumVectors<Lanes128>(rows, pitch, count, target, length, i);
        SumVectors<Lane>(rows, pitch, count, target, length, i);
    }

    /// <summary>y[i] = the sum of kernel elements of the line from element i · stride on, divided by rowDivisor · columnDivisors[i].</summary>
    /// <remarks>May read, but not use, up to two elements behind the last window.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mean(float* line, int kernel, int stride, float rowDivisor, float* columnDivisors, float* y, int count)
    {
        int i = 0;
        if (stride <= 2)
        {
            i = MeanVectors<TLanes>(line, kernel, stride, rowDivisor, columnDivisors, y, count, i);
            if (TLanes.Count > 8)
                i = MeanVectors<Lanes256>(line, kernel, stride, rowDivisor, columnDivisors, y, count, i);
            if (TLanes.Count > 4)
                i = MeanVectors<Lanes128>(line, kernel, stride, rowDivisor, columnDivisors, y, count, i);
        }

        for (; i < count; i++)
        {
            float sum = line[i * stride];
            for (int t = 1; t < kernel; t++)
                sum += line[i * stride + t];
            y[i] = sum / (rowDivisor * columnDivisors[i]);
        }
    }

    /// <summary>part[i] = gradient[i] / (rowDivisor · columnDivisors[i]).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Divide(float* gradient, float rowDivisor, float* columnDivisors, float* part, int count)
    {
        int i = DivideVectors<TLanes>(gradient, rowDivisor, columnDivisors, part, count, 0);
        if (TLanes.Count > 8)
            i = DivideVectors<Lanes256>(gradient, rowDivisor, columnDivisors, part, count, i);
        if (TLanes.Count > 4)
            i = DivideVectors<Lanes128>(gradient, rowDivisor, columnDivisors, part, count, i);
        DivideVectors<Lane>(gradient, rowDivisor, columnDivisors, part, count, i);
    }

    /// <summary>line[j] = the sum of the parts whose windows hold element j: part i belongs to those from i · stride to i · stride + kernel - 1.</summary>
    /// <param name="part">The parts, with zeros in front for windows that reach in from there and behind for <paramref name="blocks"/>.</param>
    /// <param name="count">Number of parts.</param>
    /// <param name="kernel">Elements of a window.</param>
    /// <param name="stride">Elements between windows.</param>
    /// <param name="line">The line.</param>
    /// <param name="blocks">Elements of the line over the stride, a multiple of the lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread(float* part, int count, int kernel, int stride, float* line, int blocks)
    {
        if (stride > 2)
        {
            new Span<float>(line, blocks * stride).Clear();
            for (int i = 0; i < count; i++)
            {
                for (int t = 0; t < kernel; t++)
                    line[i * stride + t] += part[i];
            }

            return;
        }

        // Of the windows that hold elements 2·q and 2·q + 1, the one that begins furthest in front.
        int evenReach = (kernel - 1) / stride, oddReach = (kernel - stride) / 2;
        for (int q = 0; q < blocks; q += TLanes.Count)
        {
            var even = TLanes.Load(part + q - evenReach);
            for (int m = evenReach - 1; m >= 0; m--)
                even += TLanes.Load(part + q - m);
            if (stride == 1)
            {
                even.Store(line + q);
                continue;
            }

            var odd = TLanes.Broadcast(0);
            for (int m = kernel > 1 ? oddReach : -1; m >= 0; m--)
                odd += TLanes.Load(part + q - m);
            TLanes.StoreInterleaved(even, odd, line + 2 * q);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SumVectors<T>(float* rows, nint pitch, int count, float* target, int length, int i)
        where T : struct, ILanes<T>
    {
        for (; i <= length - T.Count; i += T.Count)
        {
            float* row = rows + i;
            var sum = T.Load(row);
            for (int r = 1; r < count; r++)
            {
                row += pitch;
                sum += T.Load(row);
            }

            sum.Store(target + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int MeanVectors<T>(float* line, int kernel, int stride, float rowDivisor, float* columnDivisors, float* y, int count, int i)
        where T : struct, ILanes<T>
    {
        for (; i <= count - T.Count; i += T.Count)
        {
            T sum;
            if (stride == 1)
            {
                sum = T.Load(line + i);
                for (int t = 1; t < kernel; t++)
                    sum += T.Load(line + i + t);
            }
            else
            {
                float* taps = line + 2 * i;
                T low = T.Load(taps), high = T.Load(taps + T.Count);
                sum = T.Evens(low, high);
                for (int t = 1; t < kernel; t++)
                {
                    if (t % 2 != 0)
                    {
                        sum += T.Odds(low, high);
                        continue;
                    }

                    (low, high) = (T.Load(taps + t), T.Load(taps + t + T.Count));
                    sum += T.Evens(low, high);
                }
            }

            (sum / (T.Broadcast(rowDivisor) * T.Load(columnDivisors + i))).Store(y + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int DivideVectors<T>(float* gradient, float rowDivisor, float* columnDivisors, float* part, int count, int i)
        where T : struct, ILanes<T>
    {
        for (; i <= count - T.Count; i += T.Count)
            (T.Load(gradient + i) / (T.Broadcast(rowDivisor) * T.Load(columnDivisors + i))).Store(part + i);
        return i;
    }
}
