using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Adding rows to rows.</summary>
internal static unsafe class RowSums
{
    /// <summary>target[i] += factor · source[i].</summary>
    public static void Add(float* source, float factor, float* target, int count)
    {
        if (Avx512F.IsSupported)
            Add<Lanes512>(source, factor, target, count);
        else if (Avx2.IsSupported)
            Add<Lanes256>(source, factor, target, count);
        else
            Add<Lanes128>(source, factor, target, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add<TLanes>(float* source, float factor, float* target, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            TLanes.MultiplyAdd(TLanes.Broadcast(factor), TLanes.Load(source + i), TLanes.Load(target + i)).Store(target + i);
        for (; i < count; i++)
            target[i] += factor * source[i];
    }
}
