using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>b where a is above zero or NaN, else 0</summary>
internal readonly struct ReluGradOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Apply<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes>
    {
        // Zero where y ≤ 0; NaN is not, so its gradient passes.
        var zero = TLanes.Broadcast(0);
        return TLanes.Select(TLanes.Greater(zero, a) | TLanes.Equal(a, zero), zero, b);
    }
}

/// <summary>b where min ≤ a ≤ max, else 0</summary>
internal readonly struct ClampGradOperator(float min, float max) : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Apply<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes>
    {
        var (lower, upper) = (TLanes.Broadcast(min), TLanes.Broadcast(max));
        var inside = (TLanes.Greater(a, lower) | TLanes.Equal(a, lower)) & (TLanes.Greater(upper, a) | TLanes.Equal(a, upper));
        return inside & b;
    }
}

/// <summary>b where a is above zero, else slope · b</summary>
internal readonly struct LeakyReluGradOperator(float slope) : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Apply<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes>
    {
        return TLanes.Select(TLanes.Greater(a, TLanes.Broadcast(0)), b, b * TLanes.Broadcast(slope));
    }
}

/// <summary>b · s · (1 + a · (1 - s)) with s = sigmoid a</summary>
internal readonly struct SiluGradOperator : IBinaryOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes Apply<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes>
    {
        var one = TLanes.Broadcast(1);
        var s = LanesMath.Sigmoid(a);
        return b * (s * TLanes.MultiplyAdd(a, one - s, one));
    }
}
