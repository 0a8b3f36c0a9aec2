using System.Text;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Weights that anyone can generate from the key of each tensor alone, without a file: they are not trained, but the published
/// implementations give known numbers for them, so a network can be proved equal to its original.</summary>
/// <remarks>Element i of key k: v = 2u − 1, where u is the top 53 bits of SplitMix64 at counter i of the FNV-1a hash of k; then scaled by the
/// kind of tensor. Computed in double and rounded once to F32.</remarks>
public static class GoldenWeights
{
    /// <summary>Fills a materialised network.</summary>
    public static void Fill(Module model)
    {
        foreach (var (name, state) in model.NamedState())
            state.Value.AssignRounded(Values(name, state.Shape));
    }

    /// <summary>The values of one tensor, rounded to F32.</summary>
    /// <param name="key">State key, or <c>input</c>, <c>x</c>, <c>dy</c> for inputs and gradients.</param>
    /// <param name="shape">Its shape, which decides the scale.</param>
    public static double[] Values(string key, Shape shape)
    {
        ulong seed = Hash(key);
        var (offset, scale) = Scale(key, shape);
        var values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(offset + scale * (2 * Generator.UniformAt(seed, (ulong)i) - 1));
        return values;
    }

    private static (double Offset, double Scale) Scale(string key, Shape shape) => key switch
    {
        _ when key.EndsWith("num_batches_tracked", StringComparison.Ordinal) => (0, 0),
        _ when key.EndsWith("running_mean", StringComparison.Ordinal) => (0, 0.1),
        _ when key.EndsWith("running_var", StringComparison.Ordinal) => (1, 0.5),
        _ when key.EndsWith("bias", StringComparison.Ordinal) => (0, 0.1),
        "input" or "x" or "dy" => (0, 1),
        _ when shape.Rank == 1 || (shape.Rank == 3 && shape[1] == 1 && shape[2] == 1) => (0.6, 0.1),
        _ => (0, Math.Sqrt(6.0 / shape.Product(1, shape.Rank))),
    };

    /// <summary>64-bit FNV-1a of the UTF-8 key.</summary>
    private static ulong Hash(string key)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(key))
            hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}
