using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The values of a constant before scaling, as floats in host memory while they are packed.</summary>
internal sealed unsafe class ConstantFloats : IDisposable
{
    private readonly GraphConstant _constant;
    private readonly GCHandle _pinned;

    /// <param name="constant">Of any element type, on any device with values.</param>
    public ConstantFloats(GraphConstant constant)
    {
        _constant = constant;
        var tensor = constant.Tensor;
        if (tensor.DType == DType.F32 && tensor.Storage is CpuStorage)
        {
            Pointer = tensor.Floats;
            return;
        }

        var values = tensor.DType == DType.F32 ? tensor.ToArray<float>() : Array.ConvertAll(tensor.ToDoubles(), value => (float)value);
        _pinned = GCHandle.Alloc(values, GCHandleType.Pinned);
        Pointer = (float*)_pinned.AddrOfPinnedObject();
    }

    /// <summary>The first value.</summary>
    public float* Pointer { get; }

    /// <summary>A value times the factor of its slice.</summary>
    /// <param name="slice">Index of the first axis.</param>
    /// <param name="index">Index of the element, row-major.</param>
    public float Scaled(int slice, nint index) => (float)(Pointer[index] * _constant.Factor(slice));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_pinned.IsAllocated)
            _pinned.Free();
        GC.KeepAlive(_constant);
    }
}
