using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>y = f(a, b), as a value that kernels are compiled for: its fields are the function's constants.</summary>
internal interface IBinaryFunction
{
    /// <summary>f(a, b).</summary>
    float Apply(float a, float b);
}

internal readonly struct Add : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => a + b;
}

internal readonly struct Subtract : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => a - b;
}

internal readonly struct Multiply : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => a * b;
}

internal readonly struct Divide : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => a / b;
}

internal readonly struct Maximum : IBinaryFunction
{
    // NaN wins over any number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => Utilities.Select(a > b | GpuMath.IsNaN(a), a, b);
}

internal readonly struct Minimum : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => Utilities.Select(a < b | GpuMath.IsNaN(a), a, b);
}

internal readonly struct Power : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => GpuMath.Power(a, b);
}

internal readonly struct Greater : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => Utilities.Select(a > b, 1f, 0f);
}

internal readonly struct Equal : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => Utilities.Select(a == b, 1f, 0f);
}

/// <summary>The upstream gradient where the output (or input) is positive or NaN.</summary>
internal readonly struct ReluGrad : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float y, float dy) => Utilities.Select(y <= 0, 0f, dy);
}

internal readonly struct LeakyReluGrad(float slope) : IBinaryFunction
{
    private readonly float _slope = slope;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x, float dy) => Utilities.Select(x > 0, dy, dy * _slope);
}

internal readonly struct ClampGrad(float min, float max) : IBinaryFunction
{
    private readonly float _min = min;
    private readonly float _max = max;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x, float dy) => Utilities.Select(x >= _min & x <= _max, dy, 0f);
}

internal readonly struct SiluGrad : IBinaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x, float dy)
    {
        float s = GpuMath.Sigmoid(x);
        return dy * (s * (1 + x * (1 - s)));
    }
}

/// <summary>a + weight · (b - a) as a · (1 - weight) + b · weight: exact at both ends.</summary>
internal readonly struct Interpolation(float keep, float weight) : IBinaryFunction
{
    private readonly float _keep = keep;
    private readonly float _weight = weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float a, float b) => a * _keep + b * _weight;
}
