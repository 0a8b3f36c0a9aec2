using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The values of a constant before scaling, as floats in host memory while they are packed.</summary>
/// <remarks>Where they lie in a file, only the rows that are asked for are read, by the thread that packs them: they are in its cache then, and a large
/// tensor is never held whole.</remarks>
internal sealed unsafe class ConstantFloats : IDisposable
{
    private readonly GraphConstant _constant;
    private readonly GCHandle _pinned;
    private readonly float* _values;
    private readonly long _rowLength;

    /// <param name="constant">Of any element type, on any device with values.</param>
    public ConstantFloats(GraphConstant constant)
    {
        _constant = constant;
        var tensor = constant.Tensor;
        _rowLength = tensor.Shape.ElementCount / Math.Max(1, tensor.Shape[0]);
        if (tensor.DType == DType.F32 && tensor.Storage is CpuStorage)
        {
            _values = tensor.Floats;
            return;
        }

        if (tensor.DType == DType.F32 && DeferredBackend.TryFetch(tensor, 0, default))
            return;
        var values = tensor.DType == DType.F32 ? tensor.ToArray<float>() : Array.ConvertAll(tensor.ToDoubles(), value => (float)value);
        _pinned = GCHandle.Alloc(values, GCHandleType.Pinned);
        _values = (float*)_pinned.AddrOfPinnedObject();
    }

    /// <summary>Some rows, a row being what has the same index of the first axis; they may lie in memory of this thread that lasts until its next call.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">Number of rows.</param>
    public float* Rows(int first, int count)
    {
        if (_values != null)
            return _values + first * _rowLength;
        float* rows = ThreadScratch.Floats(ThreadScratch.Use.ConvWeights, count * _rowLength);
        DeferredBackend.TryFetch(_constant.Tensor, first * _rowLength * sizeof(float), new Span<byte>(rows, checked((int)(count * _rowLength * sizeof(float)))));
        return rows;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_pinned.IsAllocated)
            _pinned.Free();
        GC.KeepAlive(_constant);
    }
}
