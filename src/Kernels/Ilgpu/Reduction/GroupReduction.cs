using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Combines one value of every thread of a group, in an order that depends on the group's size alone.</summary>
/// <remarks>ILGPU's own group reduction adds by compare-and-swap: its order, and so the last bits, change from run to run.</remarks>
internal static class GroupReduction
{
    /// <summary>Enough for the warps of 1024 threads where a warp has 4 or more.</summary>
    private const int MaxWarps = 256;

    /// <summary>The combined value, in every thread. All threads of the group must call it; full warps only.</summary>
    public static float Combine<TReduction>(float value)
        where TReduction : struct, IReduction
    {
        var ofWarps = SharedMemory.Allocate<float>(MaxWarps);
        value = CombineWarp<TReduction>(value);
        int warps = Group.DimX / Warp.WarpSize;
        if (warps == 1)
            return value;
        // What an earlier call left here has been read by all.
        Group.Barrier();
        if (Warp.IsFirstLane)
            ofWarps[Group.IdxX / Warp.WarpSize] = value;
        Group.Barrier();
        float result = ofWarps[0];
        for (int warp = 1; warp < warps; warp++)
            result = TReduction.Combine(result, ofWarps[warp]);
        return result;
    }

    /// <summary>The combined value of a warp, in every lane: a butterfly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float CombineWarp<TReduction>(float value)
        where TReduction : struct, IReduction
    {
        for (int distance = Warp.WarpSize / 2; distance > 0; distance /= 2)
            value = TReduction.Combine(value, Warp.ShuffleXor(value, distance));
        return value;
    }
}
