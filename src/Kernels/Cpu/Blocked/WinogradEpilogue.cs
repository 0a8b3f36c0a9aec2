using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>What happens to the outputs of a Winograd convolution on their way to memory.</summary>
internal static unsafe class WinogradEpilogue
{
    /// <summary>Adds the residual if there is one, applies the activation, stores, and returns what was stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Store<TLanes, TActivation>(float* destination, float* residual, TLanes value, TActivation activation)
        where TLanes : struct, ILanes<TLanes>
        where TActivation : struct, IUnaryOperator
    {
        if (residual != null)
            value += TLanes.Load(residual);
        value = activation.Apply(value);
        value.Store(destination);
        return value;
    }

    /// <summary>Adds to the sums of a block if there are any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddSums<TLanes>(float* sums, int lane, TLanes sum)
        where TLanes : struct, ILanes<TLanes>
    {
        if (sums != null)
            (TLanes.Load(sums + lane) + sum).Store(sums + lane);
    }
}
