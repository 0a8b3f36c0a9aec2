using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A number format that tensor cores multiply; sums are F32 in every one.</summary>
internal interface ITensorFormat
{
    /// <summary>Name in kernel names.</summary>
    static abstract string Name { get; }

    /// <summary>Numbers in a 32-bit word.</summary>
    static abstract int PerWord { get; }

    /// <summary>Rounds numbers to nearest and packs them, the first into the low half; the second counts only where two fit.</summary>
    static abstract uint Pack(float first, float second);

    /// <summary>The product of the numbers of two words, in the order of the hardware's twin on simulated devices.</summary>
    static abstract float Dot(uint left, uint right);

    /// <summary>Adds the product of a 16-row tile and an 8-column tile: one mma instruction.</summary>
    static abstract void MultiplyAdd(ref SumWords sums, ref MatrixWords left, ref Ref<uint> right0, ref Ref<uint> right1);
}

/// <summary>IEEE half precision: 11 bits, numbers up to 65504.</summary>
internal readonly struct FormatF16 : ITensorFormat
{
    public static string Name => "f16";

    public static int PerWord => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float first, float second)
    {
        if (!CudaAsm.IsSupported)
            return HalfBits.FromSingle(first) | (uint)HalfBits.FromSingle(second) << 16;
        CudaAsm.Emit("cvt.rn.f16x2.f32 %0, %1, %2;", out uint word, second, first);
        return word;
    }

    public static float Dot(uint left, uint right) =>
        HalfBits.ToSingle((ushort)left) * HalfBits.ToSingle((ushort)right) + HalfBits.ToSingle((ushort)(left >> 16)) * HalfBits.ToSingle((ushort)(right >> 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(ref SumWords sums, ref MatrixWords left, ref Ref<uint> right0, ref Ref<uint> right1) => CudaAsm.EmitRef(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};",
        ref sums.X, ref sums.Y, ref sums.Z, ref sums.W, ref left.X, ref left.Y, ref left.Z, ref left.W, ref right0, ref right1);
}

/// <summary>bfloat16: 8 bits, the range of F32.</summary>
internal readonly struct FormatBF16 : ITensorFormat
{
    public static string Name => "bf16";

    public static int PerWord => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float first, float second)
    {
        if (!CudaAsm.IsSupported)
            return BrainBits.FromSingle(first) | (uint)BrainBits.FromSingle(second) << 16;
        CudaAsm.Emit("cvt.rn.bf16x2.f32 %0, %1, %2;", out uint word, second, first);
        return word;
    }

    public static float Dot(uint left, uint right) =>
        BrainBits.ToSingle((ushort)left) * BrainBits.ToSingle((ushort)right) + BrainBits.ToSingle((ushort)(left >> 16)) * BrainBits.ToSingle((ushort)(right >> 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(ref SumWords sums, ref MatrixWords left, ref Ref<uint> right0, ref Ref<uint> right1) => CudaAsm.EmitRef(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};",
        ref sums.X, ref sums.Y, ref sums.Z, ref sums.W, ref left.X, ref left.Y, ref left.Z, ref left.W, ref right0, ref right1);
}

/// <summary>TF32: 11 bits, the range of F32.</summary>
internal readonly struct FormatTF32 : ITensorFormat
{
    public static string Name => "tf32";

    public static int PerWord => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float first, float second)
    {
        if (!CudaAsm.IsSupported)
            return Round(first);
        CudaAsm.Emit("cvt.rna.tf32.f32 %0, %1;", out uint word, first);
        return word;
    }

    public static float Dot(uint left, uint right) => Interop.IntAsFloat(left) * Interop.IntAsFloat(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(ref SumWords sums, ref MatrixWords left, ref Ref<uint> right0, ref Ref<uint> right1) => CudaAsm.EmitRef(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};",
        ref sums.X, ref sums.Y, ref sums.Z, ref sums.W, ref left.X, ref left.Y, ref left.Z, ref left.W, ref right0, ref right1);

    /// <summary>The nearest number of 11 bits, ties away from zero, as cvt.rna does; infinities and NaN stay.</summary>
    private static uint Round(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        return (bits & 0x7F800000u) == 0x7F800000u ? bits : bits + 0x1000u & 0xFFFFE000u;
    }
}
