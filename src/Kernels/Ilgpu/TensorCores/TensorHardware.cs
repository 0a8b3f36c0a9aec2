using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Tensor cores and asynchronous copies of CUDA devices, Ampere and later.</summary>
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
    public void OpenCopies<TTile>(ArrayView<Word4> first, long firstAddress, ArrayView<Word4> second, long secondAddress)
        where TTile : unmanaged, ITensorTile
    {
        _first = firstAddress;
        _second = secondAddress;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void CopyOrClear(uint slot, int index, int bytes) => CudaAsm.Emit(
        "{ .reg .b64 %%at; mad.wide.s32 %%at, %1, 16, %2; cp.async.cg.shared.global [%0], [%%at], 16, %3; }", slot, index, _first, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Copy(uint slot, int index) => CudaAsm.Emit(
        "{ .reg .b64 %%at; mad.wide.s32 %%at, %1, 16, %2; cp.async.cg.shared.global [%0], [%%at], 16; }", slot, index, _second);

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
