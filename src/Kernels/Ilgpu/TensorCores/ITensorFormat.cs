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

    /// <summary>The first number of a word.</summary>
    static abstract float First(uint word);

    /// <summary>The second number of a word, where two fit.</summary>
    static abstract float Second(uint word);

    /// <summary>Adds the products of four row tiles and four column tiles in <see cref="WarpRegisters"/>: sixteen mma instructions.</summary>
    static abstract void MultiplyAdd();
}

/// <summary>IEEE half precision: 11 bits, numbers up to 65504.</summary>
internal readonly struct FormatF16 : ITensorFormat
{
    private const string Mma = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 ";

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

    public static float Dot(uint left, uint right) => First(left) * First(right) + Second(left) * Second(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float First(uint word)
    {
        if (!CudaAsm.IsSupported)
            return HalfBits.ToSingle((ushort)word);
        CudaAsm.Emit("{ .reg .b16 %%low, %%high; mov.b32 {%%low, %%high}, %1; cvt.f32.f16 %0, %%low; }", out float value, word);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Second(uint word)
    {
        if (!CudaAsm.IsSupported)
            return HalfBits.ToSingle((ushort)(word >> 16));
        CudaAsm.Emit("{ .reg .b16 %%low, %%high; mov.b32 {%%low, %%high}, %1; cvt.f32.f16 %0, %%high; }", out float value, word);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd()
    {
        CudaAsm.Emit(Mma + MmaOperands.Tile00 + Mma + MmaOperands.Tile01 + Mma + MmaOperands.Tile02 + Mma + MmaOperands.Tile03);
        CudaAsm.Emit(Mma + MmaOperands.Tile10 + Mma + MmaOperands.Tile11 + Mma + MmaOperands.Tile12 + Mma + MmaOperands.Tile13);
        CudaAsm.Emit(Mma + MmaOperands.Tile20 + Mma + MmaOperands.Tile21 + Mma + MmaOperands.Tile22 + Mma + MmaOperands.Tile23);
        CudaAsm.Emit(Mma + MmaOperands.Tile30 + Mma + MmaOperands.Tile31 + Mma + MmaOperands.Tile32 + Mma + MmaOperands.Tile33);
    }
}

/// <summary>bfloat16: 8 bits, the range of F32.</summary>
internal readonly struct FormatBF16 : ITensorFormat
{
    private const string Mma = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";

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

    public static float Dot(uint left, uint right) => First(left) * First(right) + Second(left) * Second(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float First(uint word) => Interop.IntAsFloat(word << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Second(uint word) => Interop.IntAsFloat(word & 0xFFFF0000u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd()
    {
        CudaAsm.Emit(Mma + MmaOperands.Tile00 + Mma + MmaOperands.Tile01 + Mma + MmaOperands.Tile02 + Mma + MmaOperands.Tile03);
        CudaAsm.Emit(Mma + MmaOperands.Tile10 + Mma + MmaOperands.Tile11 + Mma + MmaOperands.Tile12 + Mma + MmaOperands.Tile13);
        CudaAsm.Emit(Mma + MmaOperands.Tile20 + Mma + MmaOperands.Tile21 + Mma + MmaOperands.Tile22 + Mma + MmaOperands.Tile23);
        CudaAsm.Emit(Mma + MmaOperands.Tile30 + Mma + MmaOperands.Tile31 + Mma + MmaOperands.Tile32 + Mma + MmaOperands.Tile33);
    }
}

/// <summary>TF32: 11 bits, the range of F32.</summary>
internal readonly struct FormatTF32 : ITensorFormat
{
    private const string Mma = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";

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

    public static float Dot(uint left, uint right) => First(left) * First(right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float First(uint word) => Interop.IntAsFloat(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Second(uint word) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd()
    {
        CudaAsm.Emit(Mma + MmaOperands.Tile00 + Mma + MmaOperands.Tile01 + Mma + MmaOperands.Tile02 + Mma + MmaOperands.Tile03);
        CudaAsm.Emit(Mma + MmaOperands.Tile10 + Mma + MmaOperands.Tile11 + Mma + MmaOperands.Tile12 + Mma + MmaOperands.Tile13);
        CudaAsm.Emit(Mma + MmaOperands.Tile20 + Mma + MmaOperands.Tile21 + Mma + MmaOperands.Tile22 + Mma + MmaOperands.Tile23);
        CudaAsm.Emit(Mma + MmaOperands.Tile30 + Mma + MmaOperands.Tile31 + Mma + MmaOperands.Tile32 + Mma + MmaOperands.Tile33);
    }

    /// <summary>The nearest number of 11 bits, ties away from zero, as cvt.rna does; infinities and NaN stay.</summary>
    private static uint Round(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        return (bits & 0x7F800000u) == 0x7F800000u ? bits : bits + 0x1000u & 0xFFFFE000u;
    }
}
