using System.Runtime.InteropServices;

namespace ResNeSt.Weights;

/// <summary>The order of a tensor's elements in its storage, with the extents joined that lie one behind the other.</summary>
internal sealed class TorchArchiveView
{
    private readonly int _unit;
    private readonly long[] _sizes;
    private readonly long[] _strides;

    public TorchArchiveView(TorchTensor tensor)
    {
        _unit = tensor.DType.ByteSize;
        var sizes = new List<long>();
        var strides = new List<long>();
        long last = 0;
        for (int axis = 0; axis < tensor.Sizes.Length && tensor.ElementCount > 0; axis++)
        {
            long size = tensor.Sizes[axis], stride = tensor.Strides[axis];
            if (size == 1)
                continue;
            last += (size - 1) * stride;
            if (sizes.Count > 0 && strides[^1] == stride * size)
            {
                sizes[^1] *= size;
                strides[^1] = stride;
            }
            else
            {
                sizes.Add(size);
                strides.Add(stride);
            }
        }

        _sizes = [.. sizes];
        _strides = [.. strides];
        FirstByte = tensor.FirstElement * _unit;
        SpanBytes = tensor.ElementCount == 0 ? 0 : (last + 1) * _unit;
    }

    /// <summary>Where the first element begins in the storage, in bytes.</summary>
    public long FirstByte { get; }

    /// <summary>Bytes from the begin of the first element to the end of the last one in the storage.</summary>
    public long SpanBytes { get; }

    /// <summary>Whether the storage holds the elements packed and in C order.</summary>
    public bool IsPacked => _sizes.Length == 0 || (_sizes.Length == 1 && _strides[0] == 1);

    /// <summary>Copies packed elements out of the storage.</summary>
    /// <param name="source">The storage from <see cref="FirstByte"/>, <see cref="SpanBytes"/> long.</param>
    /// <param name="start">First element to copy, in C order.</param>
    /// <param name="destination">Filled whole.</param>
    public void Gather(ReadOnlySpan<byte> source, long start, Span<byte> destination)
    {
        int axes = _sizes.Length;
        var index = new long[axes];
        long at = 0;
        for (int axis = axes - 1; axis >= 0; axis--)
        {
            (start, index[axis]) = Math.DivRem(start, _sizes[axis]);
            at += index[axis] * _strides[axis];
        }

        long innerSize = _sizes[^1], innerStride = _strides[^1];
        while (true)
        {
            int run = (int)Math.Min(innerSize - index[^1], destination.Length / _unit);
            CopyRun(source[(int)(at * _unit)..], innerStride, run, destination);
            destination = destination[(run * _unit)..];
            if (destination.IsEmpty)
                return;
            at -= index[^1] * innerStride;
            index[^1] = 0;
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                at += _strides[axis];
                if (++index[axis] < _sizes[axis])
                    break;
                at -= index[axis] * _strides[axis];
                index[axis] = 0;
            }
        }
    }

    private void CopyRun(ReadOnlySpan<byte> source, long stride, int count, Span<byte> destination)
    {
        if (stride == 1)
        {
            source[..(count * _unit)].CopyTo(destination);
            return;
        }

        switch (_unit)
        {
            case 1: CopyRun<byte>(source, stride, count, destination); break;
            case 2: CopyRun<ushort>(source, stride, count, destination); break;
            case 4: CopyRun<uint>(source, stride, count, destination); break;
            default: CopyRun<ulong>(source, stride, count, destination); break;
        }
    }

    private static void CopyRun<T>(ReadOnlySpan<byte> source, long stride, int count, Span<byte> destination)
        where T : unmanaged
    {
        var from = MemoryMarshal.Cast<byte, T>(source);
        var to = MemoryMarshal.Cast<byte, T>(destination);
        for (int i = 0, at = 0; i < count; i++, at += (int)stride)
            to[i] = from[at];
    }
}
