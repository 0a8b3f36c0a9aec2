namespace ResNeSt.Tensors;

/// <summary>What is known of a tensor without its values: shape and element type.</summary>
/// <param name="Shape">Extents, outermost first.</param>
/// <param name="DType">Element type.</param>
public readonly record struct TensorSpec(Shape Shape, DType DType)
{
    /// <summary>Number of elements.</summary>
    public int ElementCount => Shape.ElementCount;

    /// <summary>Bytes of all elements, packed.</summary>
    public long ByteLength => (long)Shape.ElementCount * DType.ByteSize;

    /// <summary>Shape and type: <c>F32[1,3,224,224]</c>.</summary>
    public override string ToString() => $"{DType}{Shape}";
}
