using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>How far results may lie from those of the corpora, as a fraction of the larger of one and the tensor's largest value.</summary>
public static class CorpusTolerances
{
    // Rounding of float32 inputs is part of the error; the looser ones divide by small numbers or subtract large ones.
    private static readonly Dictionary<string, double> OpInfoSingle = new()
    {
    };

    /// <summary>The bound for PyTorch's samples of one operator.</summary>
    public static Tolerance OpInfo(string op, DType dtype) => Scaled(dtype == DType.F64 ? 1e-12 : OpInfoSingle.GetValueOrDefault(op, 2e-6));

    /// <summary>The bound for ONNX cases in float32: the expected values are float32 too.</summary>
    public static Tolerance Onnx => Scaled(1e-5);

    private static Tolerance Scaled(double bound) => new(bound, 0, bound);
}
