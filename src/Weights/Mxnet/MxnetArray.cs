namespace ResNeSt.Weights;

/// <summary>One array of a .params file, as its header describes it.</summary>
/// <param name="DType">Element type.</param>
/// <param name="Sizes">Extents, outermost first.</param>
/// <param name="Start">Offset of the values in the file.</param>
/// <param name="ByteLength">Bytes of the values.</param>
internal sealed record MxnetArray(WeightDType DType, long[] Sizes, long Start, long ByteLength);
