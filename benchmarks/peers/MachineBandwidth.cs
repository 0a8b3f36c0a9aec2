using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ResNeSt.Peers;

/// <summary>How fast this machine reads memory that no cache holds.</summary>
internal static class MachineBandwidth
{
    private const int Length = 32 << 20;

    /// <summary>10⁹ bytes a second of so many threads at once, the best of several tries.</summary>
    public static double Measure(int threads)
    {
        float[][] arrays = [.. Enumerable.Range(0, threads).Select(_ => new float[Length])];
        foreach (float[] array in arrays)
            Array.Fill(array, 1f);
        double best = 0;
        for (int attempt = 0; attempt < 6; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread => Sum(arrays[thread]));
            best = Math.Max(best, 4.0 * Length * threads / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Sum(float[] values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Vector<float> a = default, b = default, c = default, d = default;
        for (int i = 0; i + 4 <= vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector.Sum(a + b + c + d);
    }
}
