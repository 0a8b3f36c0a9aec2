namespace ResNeSt.Weights.Tests;

/// <summary>A tensor that the tests write: a view of a storage, in elements.</summary>
internal sealed record PthTensor(string Name, PthStorage Storage, long Offset, long[] Sizes, long[] Strides)
{
    /// <summary>The values packed in C order, by the definition of a strided view.</summary>
    public byte[] Packed()
    {
        int unit = Storage.DType.ByteSize;
        long count = Sizes.Aggregate(1L, (product, size) => product * size);
        byte[] packed = new byte[count * unit];
        for (long i = 0; i < count; i++)
        {
            long rest = i, at = Offset;
            for (int axis = Sizes.Length - 1; axis >= 0; axis--)
            {
                at += rest % Sizes[axis] * Strides[axis];
                rest /= Sizes[axis];
            }

            Storage.Bytes.AsSpan((int)at * unit, unit).CopyTo(packed.AsSpan((int)i * unit));
        }

        return packed;
    }

    /// <summary>A tensor that is all of a storage of its own.</summary>
    public static PthTensor Whole(string name, string key, WeightDType dtype, byte[] bytes, params long[] sizes)
        => new(name, new PthStorage(key, dtype, bytes), 0, sizes, ContiguousStrides(sizes));

    public static long[] ContiguousStrides(long[] sizes)
    {
        long[] strides = new long[sizes.Length];
        long next = 1;
        for (int axis = sizes.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = next;
            next *= Math.Max(sizes[axis], 1);
        }

        return strides;
    }
}
