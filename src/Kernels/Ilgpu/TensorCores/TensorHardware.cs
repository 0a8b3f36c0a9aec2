using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Tensor cores and asynchronous copies of CUDA devices, Ampere and later.</summary>
/// <remarks>Addresses are a product and a sum: of these ptxas makes one instruction, of mad.wide two or three.</remarks>
internal struct TensorHardware : ITensorMachine
{
    private uint _base;
    private long _first;
    private long _second;

    public readonly uint Base => _base;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Open<TTile>(ArrayView<Word4> shared)
        where TTile : unmanaged, ITensorTile
    {
        WarpRegisters.Declare();
        CudaAsm.Emit("mov.u32 %0, __shared_alloca0;", out uint address);
        _base = address;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadOrZero(ArrayView<float> image, int from, long address, int offset, uint missed)
    {
        CudaAsm.Emit(
            "{ .reg .pred %%wanted; .reg .b64 %%at; setp.eq.b32 %%wanted, %1, 0; mul.wide.s32 %%at, %2, 4; add.s64 %%at, %3, %%at; mov.f32 %0, 0f00000000; @%%wanted ld.global.f32 %0, [%%at]; }",
            out float value, missed, offset, address);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OpenCopies<TTile>(ArrayView<Word4> first, long firstAddress, ArrayView<Word4> second, long secondAddress)
        where TTile : unmanaged, ITensorTile
    {
        _first = firstAddress;
        _second = secondAddress;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void CopyOrClear(uint slot, int index, int bytes) => CudaAsm.Emit(
        "{ .reg .b64 %%at; mul.wide.s32 %%at, %1, 16; add.s64 %%at, %2, %%at; cp.async.cg.shared.global [%0], [%%at], 16, %3; }", slot, index, _first, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Copy(uint slot, int index) => CudaAsm.Emit(
        "{ .reg .b64 %%at; mul.wide.s32 %%at, %1, 16; add.s64 %%at, %2, %%at; cp.async.cg.shared.global [%0], [%%at], 16; }", slot, index, _second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Commit() => CudaAsm.Emit("cp.async.commit_group;");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void WaitForAllButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Step<TFormat>(uint left, uint right, uint apart)
        where TFormat : struct, ITensorFormat
    {
        WarpRegisters.Load(left, right, apart);
        TFormat.MultiplyAdd();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Collect(ref MicroTile sums) => WarpRegisters.Collect(ref sums);
}
