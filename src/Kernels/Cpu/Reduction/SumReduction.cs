using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Sums. The order depends on the vector width, not on the number of threads.</summary>
internal readonly unsafe struct SumReduction : IReduction
{
    public static double Start => 0;

    public static double Combine(double left, double right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Row(float* x, int count)
    {
        double sum = 0;
        int i = 0;
        // Two or four accumulators hide the latency of the addition; what a wide vector leaves over goes to the next narrower one.
        if (Vector512.IsHardwareAccelerated && count >= 16)
        {
            var (s0, s1, s2, s3) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
            for (; i <= count - 32; i += 32)
            {
                var (low, high) = Vector512.Widen(Vector512.Load(x + i));
                s0 += low;
                s1 += high;
                (low, high) = Vector512.Widen(Vector512.Load(x + i + 16));
                s2 += low;
                s3 += high;
            }

            if (i <= count - 16)
            {
                var (low, high) = Vector512.Widen(Vector512.Load(x + i));
                s0 += low;
                s1 += high;
                i += 16;
            }

            sum = Vector512.Sum((s0 + s1) + (s2 + s3));
        }

        if (Vector256.IsHardwareAccelerated && i <= count - 8)
        {
            var (s0, s1) = (Vector256<double>.Zero, Vector256<double>.Zero);
            for (; i <= count - 8; i += 8)
            {
                var (low, high) = Vector256.Widen(Vector256.Load(x + i));
                s0 += low;
                s1 += high;
            }

            sum += Vector256.Sum(s0 + s1);
        }

        if (Vector128.IsHardwareAccelerated && i <= count - 4)
        {
            var (s0, s1) = (Vector128<double>.Zero, Vector128<double>.Zero);
            for (; i <= count - 4; i += 4)
            {
                var (low, high) = Vector128.Widen(Vector128.Load(x + i));
                s0 += low;
                s1 += high;
            }

            sum += Vector128.Sum(s0 + s1);
        }

        for (; i < count; i++)
            sum += x[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Columns(float* x, double* into, int count)
    {
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; i <= count - 16; i += 16)
            {
                var (low, high) = Vector512.Widen(Vector512.Load(x + i));
                (Vector512.Load(into + i) + low).Store(into + i);
                (Vector512.Load(into + i + 8) + high).Store(into + i + 8);
            }
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 8; i += 8)
            {
                var (low, high) = Vector256.Widen(Vector256.Load(x + i));
                (Vector256.Load(into + i) + low).Store(into + i);
                (Vector256.Load(into + i + 4) + high).Store(into + i + 4);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= count - 4; i += 4)
            {
                var (low, high) = Vector128.Widen(Vector128.Load(x + i));
                (Vector128.Load(into + i) + low).Store(into + i);
                (Vector128.Load(into + i + 2) + high).Store(into + i + 2);
            }
        }

        for (; i < count; i++)
            into[i] += x[i];
    }
}
