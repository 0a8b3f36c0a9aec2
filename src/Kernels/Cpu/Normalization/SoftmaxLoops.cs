using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Softmax along rows (contiguous classes) and along columns (lanes are independent rows, classes lie a stride apart).</summary>
/// <typeparam name="TLanes">The vectors of rows.</typeparam>
internal static unsafe class SoftmaxLoops<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>y = softmax x, or its logarithm.</summary>
    public static void Row(float* x, float* y, int classes, bool logarithm)
    {
        float max = RowMax(x, classes);
        double sum = RowExp(x, y, classes, max, store: !logarithm);
        if (logarithm)
            Planes<TLanes>.ScaleShift(x, y, classes, max, 1, -(float)Math.Log(sum));
        else
            Planes<TLanes>.Scale(y, y, classes, (float)(1 / sum));
    }

    /// <summary>dx = y·(g - Σ y·g).</summary>
    public static void RowGradient(float* y, float* g, float* dx, int classes)
    {
        float dot = (float)Planes<TLanes>.Dot(y, g, classes);
        var d = TLanes.Broadcast(dot);
        int i = 0;
        for (; i <= classes - TLanes.Count; i += TLanes.Count)
            (TLanes.Load(y + i) * (TLanes.Load(g + i) - d)).Store(dx + i);
        for (; i < classes; i++)
            dx[i] = y[i] * (g[i] - dot);
    }

    /// <summary>dx = g - exp(y)·Σ g.</summary>
    public static void LogRowGradient(float* y, float* g, float* dx, int classes)
    {
        float sum = (float)Planes<TLanes>.Sum(g, classes);
        var s = TLanes.Broadcast(sum);
        int i = 0;
        for (; i <= classes - TLanes.Count; i += TLanes.Count)
            (TLanes.Load(g + i) - LanesMath.Exp(TLanes.Load(y + i)) * s).Store(dx + i);
        for (; i < classes; i++)
            dx[i] = g[i] - MathF.Exp(y[i]) * sum;
    }

    /// <summary>Softmax, or its logarithm, down <paramref name="width"/> columns.</summary>
    public static void Columns(float* x, long strideX, float* y, long strideY, int classes, int width, bool logarithm)
    {
        int i = 0;
        for (; i <= width - TLanes.Count; i += TLanes.Count)
            Column<TLanes>(x + i, strideX, y + i, strideY, classes, logarithm);
        for (; i < width; i++)
            Column<Lane>(x + i, strideX, y + i, strideY, classes, logarithm);
    }

    /// <summary>dx = y·(g - Σ y·g) down columns.</summary>
    public static void ColumnGradients(float* y, float* g, long stride, float* dx, long strideX, int classes, int width)
    {
        int i = 0;
        for (; i <= width - TLanes.Count; i += TLanes.Count)
            ColumnGradient<TLanes>(y + i, g + i, stride, dx + i, strideX, classes);
        for (; i < width; i++)
            ColumnGradient<Lane>(y + i, g + i, stride, dx + i, strideX, classes);
    }

    /// <summary>dx = g - exp(y)·Σ g down columns.</summary>
    public static void LogColumnGradients(float* y, float* g, float* dx, long stride, int classes, int width)
    {
        int i = 0;
        for (; i <= width - TLanes.Count; i += TLanes.Count)
            LogColumnGradient<TLanes>(y + i, g + i, dx + i, stride, classes);
        for (; i < width; i++)
            LogColumnGradient<Lane>(y + i, g + i, dx + i, stride, classes);
    }

    private static float RowMax(float* x, int classes)
    {
        float max = float.NegativeInfinity;
        int i = 0;
        if (classes >= TLanes.Count)
        {
            var largest = TLanes.Load(x);
            for (i = TLanes.Count; i <= classes - TLanes.Count; i += TLanes.Count)
                largest = TLanes.Max(largest, TLanes.Load(x + i));
            max = Planes<TLanes>.HorizontalMax(largest);
        }

        for (; i < classes; i++)
            max = Math.Max(max, x[i]);
        return max;
    }

    /// <summary>Σ exp(x - max); keeps the exponentials in y if asked.</summary>
    private static double RowExp(float* x, float* y, int classes, float max, bool store)
    {
        double total = 0;
        for (int start = 0; start < classes; start += Planes<TLanes>.Block)
        {
            int end = Math.Min(classes, start + Planes<TLanes>.Block), i = start;
            if (end - i >= TLanes.Count)
            {
                TLanes m = TLanes.Broadcast(max), sum = TLanes.Broadcast(0);
                for (; i <= end - TLanes.Count; i += TLanes.Count)
                {
                    var e = LanesMath.Exp(TLanes.Load(x + i) - m);
                    sum += e;
                    if (store)
                        e.Store(y + i);
                }

                total += Planes<TLanes>.Horizontal(sum);
            }

            for (; i < end; i++)
            {
                float e = MathF.Exp(x[i] - max);
                total += e;
                if (store)
                    y[i] = e;
            }
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column<T>(float* x, long strideX, float* y, long strideY, int classes, bool logarithm)
        where T : struct, ILanes<T>
    {
        var max = T.Load(x);
        for (int c = 1; c < classes; c++)
            max = T.Max(max, T.Load(x + c * strideX));
        var sum = T.Broadcast(0);
        for (int c = 0; c < classes; c++)
        {
            var shifted = T.Load(x + c * strideX) - max;
            var e = LanesMath.Exp(shifted);
            sum += e;
            (logarithm ? shifted : e).Store(y + c * strideY);
        }

        var rest = logarithm ? LanesMath.Log(sum) : T.Broadcast(1) / sum;
        for (int c = 0; c < classes; c++)
        {
            var value = T.Load(y + c * strideY);
            (logarithm ? value - rest : value * rest).Store(y + c * strideY);
        }
    }

    private static void ColumnGradient<T>(float* y, float* g, long stride, float* dx, long strideX, int classes)
        where T : struct, ILanes<T>
    {
        var dot = T.Broadcast(0);
        for (int c = 0; c < classes; c++)
            dot = T.MultiplyAdd(T.Load(y + c * stride), T.Load(g + c * stride), dot);
        for (int c = 0; c < classes; c++)
            (T.Load(y + c * stride) * (T.Load(g + c * stride) - dot)).Store(dx + c * strideX);
    }

    private static void LogColumnGradient<T>(float* y, float* g, float* dx, long stride, int classes)
        where T : struct, ILanes<T>
    {
        var sum = T.Broadcast(0);
        for (int c = 0; c < classes; c++)
            sum += T.Load(g + c * stride);
        for (int c = 0; c < classes; c++)
            (T.Load(g + c * stride) - LanesMath.Exp(T.Load(y + c * stride)) * sum).Store(dx + c * stride);
    }
}
