using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>One channel of all samples side by side: its planes lie apart, and small ones are too short for whole vectors and cost a call each.</summary>
/// <typeparam name="TLanes">The vectors.</typeparam>
internal static unsafe class ChannelRuns<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Elements of a plane from which it is worked on where it lies.</summary>
    private const int LongPlane = 1024;

    /// <summary>Elements of a channel that two copies of still fit the second-level cache.</summary>
    private const int MostElements = 65536;

    /// <summary>Whether channels are better copied together.</summary>
    public static bool Fits(int samples, int plane) => samples > 1 && plane < LongPlane && (long)samples * plane <= MostElements;

    /// <summary>Copies the planes of one channel behind each other.</summary>
    /// <param name="source">The first plane.</param>
    /// <param name="stride">Elements from one sample to the next.</param>
    /// <param name="plane">Elements of a plane.</param>
    /// <param name="samples">Number of samples.</param>
    /// <param name="target">Room for all.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(float* source, nint stride, int plane, int samples, float* target)
    {
        for (int sample = 0; sample < samples; sample++, source += stride, target += plane)
            Copy(source, target, plane);
    }

    /// <summary>Copies the planes of one channel back to where they belong.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scatter(float* source, float* target, nint stride, int plane, int samples)
    {
        for (int sample = 0; sample < samples; sample++, source += plane, target += stride)
            Copy(source, target, plane);
    }

    /// <summary>As <see cref="Gather"/>, and zero where the output of a ReLU is not above zero; where it is NaN, the gradient passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void GatherMasked(float* gradient, float* output, nint stride, int plane, int samples, float* target)
    {
        for (int sample = 0; sample < samples; sample++, gradient += stride, output += stride, target += plane)
            Mask(gradient, output, target, plane);
    }

    /// <summary>target = gradient where the output of a ReLU is above zero or NaN, else zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mask(float* gradient, float* output, float* target, int count)
    {
        int i = 0;
        Mask<TLanes>(gradient, output, target, ref i, count);
        if (TLanes.Count > 4)
            Mask<Lanes128>(gradient, output, target, ref i, count);
        Mask<Lane>(gradient, output, target, ref i, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mask<T>(float* gradient, float* output, float* target, ref int i, int count)
        where T : struct, ILanes<T>
    {
        for (; i <= count - T.Count; i += T.Count)
            default(ReluGradOperator).Apply(T.Load(output + i), T.Load(gradient + i)).Store(target + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* target, int count)
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            TLanes.Load(source + i).Store(target + i);
        if (TLanes.Count > 4)
        {
            for (; i <= count - Lanes128.Count; i += Lanes128.Count)
                Lanes128.Load(source + i).Store(target + i);
        }

        for (; i < count; i++)
            target[i] = source[i];
    }
}
