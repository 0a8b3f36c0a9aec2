using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>y = f(x), as a value that kernels are compiled for: its fields are the function's constants.</summary>
internal interface IUnaryFunction
{
    /// <summary>f(x).</summary>
    float Apply(float x);
}

internal readonly struct Negate : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => -x;
}

internal readonly struct Absolute : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => GpuMath.Abs(x);
}

internal readonly struct Sign : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => Utilities.Select(x > 0, 1f, Utilities.Select(x < 0, -1f, 0f));
}

internal readonly struct Floor : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => GpuMath.Floor(x);
}

internal readonly struct Exponential : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => GpuMath.Exp(x);
}

internal readonly struct Logarithm : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => GpuMath.Log(x);
}

internal readonly struct SquareRoot : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => MathF.Sqrt(x);
}

internal readonly struct InverseSquareRoot : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => 1 / MathF.Sqrt(x);
}

internal readonly struct Reciprocal : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => 1 / x;
}

internal readonly struct Square : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => x * x;
}

internal readonly struct HyperbolicTangent : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => GpuMath.Tanh(x);
}

internal readonly struct Sigmoid : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => GpuMath.Sigmoid(x);
}

internal readonly struct Silu : IUnaryFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => x * GpuMath.Sigmoid(x);
}

internal readonly struct Relu : IUnaryFunction
{
    // Written so that NaN, which is neither above nor below zero, passes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => Utilities.Select(x <= 0, 0f, x);
}

internal readonly struct LeakyRelu(float slope) : IUnaryFunction
{
    private readonly float _slope = slope;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => Utilities.Select(x > 0, x, _slope * x);
}

internal readonly struct Affine(float scale, float shift) : IUnaryFunction
{
    private readonly float _scale = scale;
    private readonly float _shift = shift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x) => _scale * x + _shift;
}

internal readonly struct Clamp(float min, float max) : IUnaryFunction
{
    private readonly float _min = min;
    private readonly float _max = max;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Apply(float x)
    {
        float raised = Utilities.Select(x < _min, _min, x);
        return Utilities.Select(raised > _max, _max, raised);
    }
}
