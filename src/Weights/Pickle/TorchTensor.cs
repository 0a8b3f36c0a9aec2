namespace ResNeSt.Weights;

/// <summary>A checked view of a storage: every element lies inside it.</summary>
/// <param name="Storage">Where the elements lie.</param>
/// <param name="DType">Element type; differs from the storage's where that is untyped.</param>
/// <param name="FirstElement">First element, counted from the begin of the whole block.</param>
/// <param name="Sizes">Extents, outermost first.</param>
/// <param name="Strides">Elements from one index to the next, one for each extent.</param>
/// <param name="ElementCount">Product of the extents.</param>
internal sealed record TorchTensor(TorchStorage Storage, WeightDType DType, long FirstElement, long[] Sizes, long[] Strides, long ElementCount)
{
    /// <summary>Bytes of the packed values.</summary>
    public long ByteLength => ElementCount * DType.ByteSize;
}
