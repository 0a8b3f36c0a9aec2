using ResNeSt.Tensors;

namespace ResNeSt.WeightConverter;

/// <summary>Names and shapes of the known models' tensors.</summary>
internal static class ModelShapes
{
    /// <summary>Official names and shapes of a model's tensors, or null for an unknown name.</summary>
    public static IReadOnlyDictionary<string, Shape>? Find(string model) => null;

    /// <summary>What to say about an unknown name.</summary>
    public static string Unknown(string model) => $"there is no model '{DataFileException.Escape(model)}'";
}
