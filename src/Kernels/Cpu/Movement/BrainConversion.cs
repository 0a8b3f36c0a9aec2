using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>bfloat16 to and from F32 by integer arithmetic: rounding to nearest, ties to even, NaN stays a quiet NaN.</summary>
internal static unsafe class BrainConversion
{
    /// <summary>Cuts off the lower half, rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromSingle(float* x, ushort* y, int count)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 16; i += 16)
                Vector256.Narrow(Round(Vector256.Load(x + i)), Round(Vector256.Load(x + i + 8))).Store(y + i);
        }

        for (; i < count; i++)
            y[i] = ElementConversion.SingleToBrain(x[i]);
    }

    /// <summary>Appends zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(ushort* x, float* y, int count)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 16; i += 16)
            {
                var (low, high) = Vector256.Widen(Vector256.Load(x + i));
                Vector256.ShiftLeft(low, 16).AsSingle().Store(y + i);
                Vector256.ShiftLeft(high, 16).AsSingle().Store(y + i + 8);
            }
        }

        for (; i < count; i++)
            y[i] = ElementConversion.BrainToSingle(x[i]);
    }

    private static Vector256<uint> Round(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var odd = Vector256.ShiftRightLogical(bits, 16) & Vector256.Create(1u);
        var rounded = Vector256.ShiftRightLogical(bits + Vector256.Create(0x7FFFu) + odd, 16);
        var quiet = Vector256.ShiftRightLogical(bits, 16) | Vector256.Create(0x40u);
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, quiet);
    }
}
