namespace ResNeSt.Weights.Tests;

/// <summary>A storage that the tests write: a block of bytes under a key.</summary>
/// <param name="Key">Key of the storage in the file.</param>
/// <param name="DType">Element type of its class; for an untyped storage the type of its tensors.</param>
/// <param name="Bytes">Its bytes.</param>
internal sealed record PthStorage(string Key, WeightDType DType, byte[] Bytes)
{
    /// <summary>Whether torch has no storage class for the type, so that it writes bytes and _rebuild_tensor_v3.</summary>
    public bool IsUntyped => DType is WeightDType.U16 or WeightDType.U32 or WeightDType.U64 or WeightDType.F8E4M3 or WeightDType.F8E5M2
        or WeightDType.F8E8M0 or WeightDType.F8E4M3Fnuz or WeightDType.F8E5M2Fnuz;

    /// <summary>The count that a persistent id states.</summary>
    public long Count => IsUntyped ? Bytes.Length : Bytes.Length / DType.ByteSize;

    public string ClassName => DType switch
    {
        WeightDType.F32 => "FloatStorage",
        WeightDType.F64 => "DoubleStorage",
        WeightDType.F16 => "HalfStorage",
        WeightDType.BF16 => "BFloat16Storage",
        WeightDType.I64 => "LongStorage",
        WeightDType.I32 => "IntStorage",
        WeightDType.I16 => "ShortStorage",
        WeightDType.I8 => "CharStorage",
        WeightDType.U8 => "ByteStorage",
        WeightDType.Bool => "BoolStorage",
        _ => "UntypedStorage",
    };

    /// <summary>The name torch gives an element type that has no storage class.</summary>
    public string TypeName => DType switch
    {
        WeightDType.F8E4M3 => "float8_e4m3fn",
        WeightDType.F8E5M2 => "float8_e5m2",
        WeightDType.F8E8M0 => "float8_e8m0fnu",
        WeightDType.F8E4M3Fnuz => "float8_e4m3fnuz",
        WeightDType.F8E5M2Fnuz => "float8_e5m2fnuz",
        _ => $"uint{DType.ByteSize * 8}",
    };
}
