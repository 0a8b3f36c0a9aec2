namespace ResNeSt.Weights;

/// <summary>A name on the allow-list. It is never looked up in any module: it only has the meaning given here.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="DType">Element type of a storage class or element type; <see cref="WeightDType.U8"/> for bytes, else unknown.</param>
internal sealed record PickleGlobal(PickleGlobalKind Kind, WeightDType DType = WeightDType.Unknown);
