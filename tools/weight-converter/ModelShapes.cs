using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.WeightConverter;

/// <summary>Names and shapes of the known models' tensors.</summary>
internal static class ModelShapes
{
    /// <summary>Official names and shapes of a model's tensors; costs no memory for values.</summary>
    /// <exception cref="UsageException">There is no such model.</exception>
    public static IReadOnlyDictionary<string, Shape> Find(string model)
    {
        try
        {
            return ModelZoo.Find(model).ExpectedState();
        }
        catch (UnknownModelException error)
        {
            throw new UsageException(error.Message);
        }
    }
}
