using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>How training in a precision below F32 is set up: where the rounding is done, and whether the loss is scaled.</summary>
/// <param name="Storage">Type of the parameters and of what lies between the layers. The optimiser keeps F32 copies of shorter ones.</param>
/// <param name="ScalesLoss">Whether gradients need a <see cref="LossScaler"/>: F16's range ends at 6e-8 and 65504.</param>
public readonly record struct MixedPrecision(DType Storage, bool ScalesLoss)
{
    /// <summary>The precisions that can be asked for.</summary>
    public static IReadOnlyList<string> Names { get; } = ["f32", "tf32", "f16", "bf16"];

    /// <summary>A new factor of the loss, or null where none is needed.</summary>
    public LossScaler? NewScaler() => ScalesLoss ? new LossScaler() : null;

    /// <summary>The set-up of a precision.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="roundsProducts">Whether the device's products round their factors by themselves and add in F32, as tensor cores do: then everything
    /// else stays F32.</param>
    /// <exception cref="ArgumentException">There is no such precision.</exception>
    /// <exception cref="NotSupportedException">TF32 is no type of stored numbers; only tensor cores have it.</exception>
    public static MixedPrecision Of(string name, bool roundsProducts) => (name, roundsProducts) switch
    {
        ("f32", _) or ("tf32" or "bf16", true) => new MixedPrecision(DType.F32, ScalesLoss: false),
        ("f16", true) => new MixedPrecision(DType.F32, ScalesLoss: true),
        ("f16", false) => new MixedPrecision(DType.F16, ScalesLoss: true),
        ("bf16", false) => new MixedPrecision(DType.BF16, ScalesLoss: false),
        ("tf32", false) => throw new NotSupportedException("precision tf32 needs tensor cores of an NVIDIA GPU, Ampere or later; take f32, f16 or bf16"),
        _ => throw new ArgumentException($"there is no precision '{DataFileException.Escape(name)}'; there are {string.Join(", ", Names)}"),
    };
}
