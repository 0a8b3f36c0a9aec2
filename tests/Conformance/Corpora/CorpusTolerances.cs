using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>How far results may lie from those of the corpora, as a fraction of the larger of one and the tensor's largest value.</summary>
public static class CorpusTolerances
{
    // The samples are float64: rounding them to float32 is part of the error. These divide by what may be small.
    private static readonly Dictionary<string, double> OpInfoSingle = new()
    {
        ["div"] = 1e-5,
        ["nn.functional.batch_norm"] = 1e-5,
        ["nn.functional.cross_entropy"] = 1e-5,
        ["nn.functional.group_norm"] = 1e-5,
        ["nn.functional.layer_norm"] = 1e-5,
        ["nn.functional.nll_loss"] = 1e-5,
        ["std"] = 1e-5,
        ["var"] = 1e-5,
    };

    /// <summary>The bound for PyTorch's samples of one operator.</summary>
    public static Tolerance OpInfo(string op, DType dtype) => Scaled(dtype == DType.F64 ? 1e-12 : OpInfoSingle.GetValueOrDefault(op, 2e-6));

    /// <summary>The bound for ONNX cases in float32: the expected values are float32 too.</summary>
    public static Tolerance Onnx => Scaled(1e-5);

    private static Tolerance Scaled(double bound) => new(bound, 0, bound);
}
