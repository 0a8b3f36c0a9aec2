using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The inner loops of elementwise kernels over contiguous elements, by the widest vectors there are.</summary>
/// <remarks>The last elements go through the same vector body, padded, so that an element's result does not depend on where it lies.
/// The loops are optimised at their first call: a program that classifies one picture never gets to a second compilation.</remarks>
internal static unsafe class ElementwiseLoops
{
    /// <summary>Elements of one chunk of work: 128 KB, so that waking a thread pays and a chunk stays in the second-level cache.</summary>
    public const int Grain = 32768;

    private const int MostLanes = 16;

    /// <summary>y[i] = f(x[i]).</summary>
    public static void Unary<TOperator>(TOperator f, float* x, float* y, int count)
        where TOperator : struct, IUnaryOperator
    {
        if (Vector512.IsHardwareAccelerated)
            Unary<Lanes512, TOperator>(f, x, y, count);
        else if (Vector256.IsHardwareAccelerated)
            Unary<Lanes256, TOperator>(f, x, y, count);
        else if (Vector128.IsHardwareAccelerated)
            Unary<Lanes128, TOperator>(f, x, y, count);
        else
            Unary<Lane, TOperator>(f, x, y, count);
    }

    /// <summary>y[i] = f(a[i], b[i]); a step of zero repeats the first element of its operand.</summary>
    /// <param name="f">The function.</param>
    /// <param name="a">First element of the left operand.</param>
    /// <param name="stepA">0 or 1.</param>
    /// <param name="b">First element of the right operand.</param>
    /// <param name="stepB">0 or 1.</param>
    /// <param name="y">Results.</param>
    /// <param name="count">Number of results.</param>
    public static void Binary<TOperator>(TOperator f, float* a, int stepA, float* b, int stepB, float* y, int count)
        where TOperator : struct, IBinaryOperator
    {
        if (Vector512.IsHardwareAccelerated)
            Binary<Lanes512, TOperator>(f, a, stepA, b, stepB, y, count);
        else if (Vector256.IsHardwareAccelerated)
            Binary<Lanes256, TOperator>(f, a, stepA, b, stepB, y, count);
        else if (Vector128.IsHardwareAccelerated)
            Binary<Lanes128, TOperator>(f, a, stepA, b, stepB, y, count);
        else
            Binary<Lane, TOperator>(f, a, stepA, b, stepB, y, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unary<TLanes, TOperator>(TOperator f, float* x, float* y, int count)
        where TLanes : struct, ILanes<TLanes>
        where TOperator : struct, IUnaryOperator
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            f.Apply(TLanes.Load(x + i)).Store(y + i);
        if (i == count)
            return;
        float* tail = stackalloc float[MostLanes];
        Copy(x + i, tail, count - i);
        f.Apply(TLanes.Load(tail)).Store(tail);
        Copy(tail, y + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Binary<TLanes, TOperator>(TOperator f, float* a, int stepA, float* b, int stepB, float* y, int count)
        where TLanes : struct, ILanes<TLanes>
        where TOperator : struct, IBinaryOperator
    {
        int i = 0;
        int end = count - TLanes.Count;
        if (stepA == 0)
        {
            var left = TLanes.Broadcast(*a);
            for (; i <= end; i += TLanes.Count)
                f.Apply(left, TLanes.Load(b + i)).Store(y + i);
        }
        else if (stepB == 0)
        {
            var right = TLanes.Broadcast(*b);
            for (; i <= end; i += TLanes.Count)
                f.Apply(TLanes.Load(a + i), right).Store(y + i);
        }
        else
        {
            for (; i <= end; i += TLanes.Count)
                f.Apply(TLanes.Load(a + i), TLanes.Load(b + i)).Store(y + i);
        }

        if (i == count)
            return;
        float* tail = stackalloc float[3 * MostLanes];
        float* tailA = tail + MostLanes, tailB = tail + 2 * MostLanes;
        for (int k = 0; k < count - i; k++)
        {
            tailA[k] = a[(i + k) * stepA];
            tailB[k] = b[(i + k) * stepB];
        }

        f.Apply(TLanes.Load(tailA), TLanes.Load(tailB)).Store(tail);
        Copy(tail, y + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* destination, int count)
    {
        for (int i = 0; i < count; i++)
            destination[i] = source[i];
    }
}
