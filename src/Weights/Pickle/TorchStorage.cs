namespace ResNeSt.Weights;

/// <summary>What a persistent id names: a block of elements elsewhere in the file, or a part of one.</summary>
/// <param name="Key">Key of the block.</param>
/// <param name="DType">Element type; U8 where the storage is untyped.</param>
/// <param name="IsUntyped">Whether the class gave no element type.</param>
/// <param name="RootElements">Elements of the whole block.</param>
/// <param name="FirstElement">Where this storage begins in the block; not 0 only in legacy views.</param>
/// <param name="Elements">Elements of this storage.</param>
internal sealed record TorchStorage(string Key, WeightDType DType, bool IsUntyped, long RootElements, long FirstElement, long Elements)
{
    /// <summary>Bytes of the whole block.</summary>
    public long RootBytes => RootElements * DType.ByteSize;
}
