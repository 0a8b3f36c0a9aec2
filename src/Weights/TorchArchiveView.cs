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
        switch (_unit)
        {
            case 1: Gather<byte>(source, start, destination); break;
            case 2: Gather<ushort>(source, start, destination); break;
            case 4: Gather<uint>(source, start, destination); break;
            default: Gather<ulong>(source, start, destination); break;
        }
    }

    private void Gather<T>(ReadOnlySpan<byte> sourceBytes, long start, Span<byte> destinationBytes)
        where T : unmanaged
    {
        var source = MemoryMarshal.Cast<byte, T>(sourceBytes);
        var destination = MemoryMarshal.Cast<byte, T>(destinationBytes);
        int axes = _sizes.Length;
        var index = new long[axes];
        long at = 0;
        for (int axis = axes - 1; axis >= 0; axis--)
        {
            (start, index[axis]) = Math.DivRem(start, _sizes[axis]);
            at += index[axis] * _strides[axis];
        }

        int inner = (int)Math.Min(_sizes[^1], int.MaxValue), innerStride = (int)_strides[^1];
        while (!destination.IsEmpty)
        {
            // Whole rows in one go: with short rows the bookkeeping would cost more than the copy.
            int rows = axes > 1 && index[^1] == 0 ? (int)Math.Min(_sizes[^2] - index[^2], destination.Length / inner) : 0;
            if (rows > 0)
            {
                CopyRows(source[(int)at..], rows, (int)_strides[^2], inner, innerStride, destination);
                destination = destination[(rows * inner)..];
                index[^2] += rows;
                at += rows * _strides[^2];
                Carry(index, ref at, axes - 2);
                continue;
            }

            int run = (int)Math.Min(_sizes[^1] - index[^1], destination.Length);
            CopyRows(source[(int)at..], 1, 0, run, innerStride, destination);
            destination = destination[run..];
            index[^1] += run;
            at += run * _strides[^1];
            Carry(index, ref at, axes - 1);
        }
    }

    /// <summary>Moves on to the next outer index where an axis has come to its end.</summary>
    private void Carry(long[] index, ref long at, int axis)
    {
        for (; axis > 0 && index[axis] == _sizes[axis]; axis--)
        {
            at += _strides[axis - 1] - (index[axis] * _strides[axis]);
            index[axis] = 0;
            index[axis - 1]++;
        }
    }

    private static void CopyRows<T>(ReadOnlySpan<T> source, int rows, int rowStride, int count, int stride, Span<T> destination)
        where T : unmanaged
    {
        for (int row = 0, to = 0, from = 0; row < rows; row++, from += rowStride)
        {
            if (stride == 1 && count >= 16)
            {
                source.Slice(from, count).CopyTo(destination[to..]);
                to += count;
                continue;
            }

            for (int i = 0, at = from; i < count; i++, at += stride)
                destination[to++] = source[at];
        }
    }
}
