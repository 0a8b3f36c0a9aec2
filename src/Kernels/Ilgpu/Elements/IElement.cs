using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A stored element type as kernels see it: bits that are read as a number and made from one.</summary>
/// <typeparam name="TBits">What lies in memory.</typeparam>
internal interface IElement<TBits>
    where TBits : unmanaged
{
    /// <summary>The value; exact for every type here except I64, which rounds.</summary>
    static abstract double Load(TBits bits);

    /// <summary>The nearest value of the type; integers cut toward zero and end at their limits.</summary>
    static abstract TBits Store(double value);
}

internal readonly struct ElementF32 : IElement<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(float bits) => bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Store(double value) => (float)value;
}

/// <summary>Half precision as bits: ILGPU's own half type does not round to nearest on every device.</summary>
internal readonly struct ElementF16 : IElement<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(ushort bits) => HalfBits.ToSingle(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Store(double value) => HalfBits.FromSingle(HalfBits.ToOddSingle(value));
}

internal readonly struct ElementBF16 : IElement<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(ushort bits) => BrainBits.ToSingle(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Store(double value) => BrainBits.FromSingle(HalfBits.ToOddSingle(value));
}

internal readonly struct ElementI32 : IElement<int>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(int bits) => bits;

    public static int Store(double value)
    {
        if (value >= 2147483647.0)
            return int.MaxValue;
        if (value <= -2147483648.0)
            return int.MinValue;
        // NaN is in neither range and becomes zero.
        return value >= -2147483648.0 ? (int)value : 0;
    }
}

internal readonly struct ElementI64 : IElement<long>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(long bits) => bits;

    public static long Store(double value)
    {
        if (value >= 9223372036854775808.0)
            return long.MaxValue;
        if (value <= -9223372036854775808.0)
            return long.MinValue;
        return value >= -9223372036854775808.0 ? (long)value : 0;
    }
}

internal readonly struct ElementU8 : IElement<byte>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Load(byte bits) => bits;

    public static byte Store(double value)
    {
        if (value >= 255)
            return 255;
        return value > 0 ? (byte)(int)value : (byte)0;
    }
}
