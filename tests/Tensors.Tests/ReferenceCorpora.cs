namespace ResNeSt.Tensors.Tests;

/// <summary>The oracle itself against values made by others: PyTorch's in double precision, the standard's in single.</summary>
public sealed class ReferenceCorpora : CorpusConformance
{
    protected override Device Device => Device.Reference;

    protected override DType DType => DType.F64;
}
