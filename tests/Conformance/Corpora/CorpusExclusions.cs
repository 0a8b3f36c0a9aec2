using System.Text.Json;

namespace ResNeSt.Conformance;

/// <summary>Every case of the two corpora that is not run, and why. A case of an operator that is neither run nor listed here is a failure.</summary>
public static class CorpusExclusions
{
    /// <summary>Why F64 values that overflow in F32 run on the reference device alone.</summary>
    public const string BeyondSingle = "double values beyond the range of F32, the device's widest type";

    private const string NoOptimiser = "the engine has no such optimiser step";
    private const string NoVolumes = "three-dimensional windows: the engine convolves and pools planes";
    private const string NoBicubic = "the engine has no bicubic interpolation";

    /// <summary>Rules for PyTorch's operator samples.</summary>
    public static IReadOnlyList<Rule> OpInfo { get; } =
    [
        new("nn.functional.interpolate", c => c.Variant == "bicubic", NoBicubic),
        new("nn.functional.batch_norm", c => c.InputShape.Count == 1, "a list without a channel axis (and empty): the engine's batch norm takes [N,C,...]"),
    ];

    /// <summary>Rules for the ONNX backend tests.</summary>
    public static IReadOnlyList<Rule> Onnx { get; } =
    [
        new("Adagrad", _ => true, NoOptimiser),
        new("Adam", _ => true, NoOptimiser),
        new("TopK", _ => true, "the engine has no sorting operator"),
        new("Conv", c => c.InputShape.Count == 5, NoVolumes),
        new("ConvTranspose", c => c.InputShape.Count == 5, NoVolumes),
        new("AveragePool", c => c.InputShape.Count == 5, NoVolumes),
        new("MaxPool", c => c.InputShape.Count == 5, NoVolumes),
        new("MaxPool", c => c.Attribute("storage_order") == "1", "indices in column-major order"),
        new("Dropout", c => c.Name.StartsWith("test_training_dropout", StringComparison.Ordinal) && !c.Name.Contains("zero_ratio", StringComparison.Ordinal),
            "random: the case does not define one answer"),
        new("Slice", c => c.Name.Contains("_neg_steps", StringComparison.Ordinal) || c.Name == "test_slice_default_steps_neg", "the engine slices with step one"),
        new("Resize", c => c.Attribute("mode") == "cubic", NoBicubic),
        new("Resize", c => c.Name is "test_resize_downsample_scales_linear_align_corners" or "test_resize_downsample_scales_cubic_align_corners",
            "does not define one answer: runtimes of the standard disagree"),
        new("Resize", c => c.Attribute("coordinate_transformation_mode") is "pytorch_half_pixel" or "tf_crop_and_resize" or "tf_half_pixel_for_nn",
            "another rule for where samples lie than PyTorch's"),
        new("Resize", c => c.Attribute("mode") == "nearest" && !c.Name.StartsWith("test_resize_upsample_scales_nearest", StringComparison.Ordinal),
            "the engine's nearest sample is PyTorch's, rounded down; the standard's rounding differs unless the factor is whole"),
        new("Resize", c => c.Attribute("nearest_mode") is "ceil" or "round_prefer_ceil", "the engine's nearest sample is PyTorch's, rounded down"),
    ];

    /// <summary>Why a case is left out, or null.</summary>
    public static string? Reason(IReadOnlyList<Rule> rules, Facts facts) =>
        rules.FirstOrDefault(rule => facts.Ops.Contains(rule.Op) && rule.Applies(facts))?.Reason;

    /// <summary>One reason to leave cases out.</summary>
    /// <param name="Op">The operator, named as in the corpus.</param>
    /// <param name="Applies">Which of its cases.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Rule(string Op, Func<Facts, bool> Applies, string Reason);

    /// <summary>What a rule may look at.</summary>
    /// <param name="Name">The case's name.</param>
    /// <param name="Ops">Its operators; several for a small graph.</param>
    /// <param name="Variant">OpInfo's variant, else empty.</param>
    /// <param name="InputShape">Shape of the first input.</param>
    /// <param name="Attributes">Attributes of the first node, or the keyword arguments.</param>
    public sealed record Facts(string Name, IReadOnlyList<string> Ops, string Variant, IReadOnlyList<int> InputShape, JsonElement Attributes)
    {
        /// <summary>An attribute as text, or null.</summary>
        public string? Attribute(string name) => Attributes.TryGetProperty(name, out var value) ? value.ToString() : null;
    }
}
