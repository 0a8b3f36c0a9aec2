using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How values are combined into one; associative but for rounding.</summary>
internal interface IReduction
{
    /// <summary>What nothing gives.</summary>
    static abstract float Identity { get; }

    /// <summary>Combines two values.</summary>
    static abstract float Combine(float a, float b);
}

internal readonly struct SumReduction : IReduction
{
    public static float Identity => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float a, float b) => a + b;
}

internal readonly struct MaxReduction : IReduction
{
    public static float Identity => float.NegativeInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float a, float b) => default(Maximum).Apply(a, b);
}
