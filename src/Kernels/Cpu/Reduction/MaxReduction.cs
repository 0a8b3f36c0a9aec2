using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Maxima; NaN wins.</summary>
internal readonly unsafe struct MaxReduction : IReduction
{
    public static double Start => double.NegativeInfinity;

    public static double Combine(double left, double right) => Math.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Row(float* x, int count)
    {
        float max = float.NegativeInfinity;
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var (m0, m1) = (Vector512.Create(max), Vector512.Create(max));
            for (; i <= count - 32; i += 32)
            {
                m0 = Vector512.Max(m0, Vector512.Load(x + i));
                m1 = Vector512.Max(m1, Vector512.Load(x + i + 16));
            }

            m0 = Vector512.Max(m0, m1);
            for (int lane = 0; lane < 16; lane++)
                max = Math.Max(max, m0[lane]);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            var (m0, m1) = (Vector128.Create(max), Vector128.Create(max));
            for (; i <= count - 8; i += 8)
            {
                m0 = Vector128.Max(m0, Vector128.Load(x + i));
                m1 = Vector128.Max(m1, Vector128.Load(x + i + 4));
            }

            m0 = Vector128.Max(m0, m1);
            for (int lane = 0; lane < 4; lane++)
                max = Math.Max(max, m0[lane]);
        }

        for (; i < count; i++)
            max = Math.Max(max, x[i]);
        return max;
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
                Vector512.Max(Vector512.Load(into + i), low).Store(into + i);
                Vector512.Max(Vector512.Load(into + i + 8), high).Store(into + i + 8);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= count - 4; i += 4)
            {
                var (low, high) = Vector128.Widen(Vector128.Load(x + i));
                Vector128.Max(Vector128.Load(into + i), low).Store(into + i);
                Vector128.Max(Vector128.Load(into + i + 2), high).Store(into + i + 2);
            }
        }

        for (; i < count; i++)
            into[i] = Math.Max(into[i], x[i]);
    }
}
