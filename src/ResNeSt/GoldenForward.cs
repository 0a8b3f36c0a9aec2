using System.Text.Json;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Known logits of published networks for generated weights, and how far ours are from them.</summary>
public static class GoldenForward
{
    /// <summary>Reads a file of known numbers: network name to parameter count, tensor count and cases of input shape and logits.</summary>
    /// <param name="stream">JSON.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <exception cref="DataFileException">The file is not of that form.</exception>
    public static IReadOnlyList<GoldenNetwork> Read(Stream stream, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(stream);
            return [.. document.RootElement.EnumerateObject().Select(network => new GoldenNetwork(
                network.Name,
                network.Value.GetProperty("params").GetInt64(),
                network.Value.GetProperty("tensors").GetInt32(),
                [.. network.Value.GetProperty("cases").EnumerateArray().Select(ReadCase)]))];
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ShapeException)
        {
            throw new DataFileException(DataFileErrorKind.BadHeader, $"is not a file of known logits: {DataFileException.Escape(error.Message)}", file, inner: error);
        }
    }

    /// <summary>Runs one case and compares.</summary>
    /// <param name="model">The network with <see cref="GoldenWeights"/>, in evaluation mode.</param>
    /// <param name="known">Input shape and known numbers.</param>
    /// <param name="device">Where the network lies.</param>
    /// <param name="dtype">Its element type.</param>
    public static GoldenDifference Compare(Module model, GoldenCase known, Device device, DType dtype = DType.F32)
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        var input = Tensor.FromDoubles(GoldenWeights.Values("input", known.Input), new TensorSpec(known.Input, dtype), device);
        return Compare(model.Forward(input).ToDoubles(), known);
    }

    /// <summary>Compares logits with the known ones.</summary>
    public static GoldenDifference Compare(ReadOnlySpan<double> logits, GoldenCase known)
    {
        double first = 0, squares = 0, sum = 0;
        for (int i = 0; i < known.FirstLogits.Count; i++)
            first = Math.Max(first, Distance(logits[i], known.FirstLogits[i]));
        int best = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            squares += logits[i] * logits[i];
            sum += logits[i];
            if (logits[i] > logits[best])
                best = i;
        }

        return new GoldenDifference(first, Distance(Math.Sqrt(squares), known.Norm) / known.Norm, Distance(sum, known.Sum), best == known.ArgMax);
    }

    /// <summary>|a − b|, infinite if either is no number, so that NaN never passes.</summary>
    private static double Distance(double a, double b) => Math.Abs(a - b) is var distance && double.IsNaN(distance) ? double.PositiveInfinity : distance;

    private static GoldenCase ReadCase(JsonElement element) => new(
        Shape.Create([.. element.GetProperty("input").EnumerateArray().Select(extent => extent.GetInt32())]),
        [.. element.GetProperty("logits_first8").EnumerateArray().Select(logit => logit.GetDouble())],
        element.GetProperty("sum").GetDouble(),
        element.GetProperty("l2").GetDouble(),
        element.GetProperty("argmax").GetInt32());
}

/// <summary>A network with known logits.</summary>
/// <param name="Name">Name in the zoo.</param>
/// <param name="Parameters">Trainable values.</param>
/// <param name="Tensors">Tensors of its state.</param>
/// <param name="Cases">Inputs and logits.</param>
public sealed record GoldenNetwork(string Name, long Parameters, int Tensors, IReadOnlyList<GoldenCase> Cases);

/// <summary>Known logits for one input shape; the input is generated from the key <c>input</c>.</summary>
/// <param name="Input">[N, C, H, W].</param>
/// <param name="FirstLogits">The first logits.</param>
/// <param name="Sum">Sum of all logits.</param>
/// <param name="Norm">Euclidean norm of all logits.</param>
/// <param name="ArgMax">Index of the largest logit.</param>
public sealed record GoldenCase(Shape Input, IReadOnlyList<double> FirstLogits, double Sum, double Norm, int ArgMax);

/// <summary>How far logits are from the known ones.</summary>
/// <param name="Largest">Largest absolute difference of the known first logits.</param>
/// <param name="RelativeNorm">Difference of the norms by the known norm.</param>
/// <param name="Sum">Absolute difference of the sums.</param>
/// <param name="SameBest">Whether the largest logit is the same.</param>
public readonly record struct GoldenDifference(double Largest, double RelativeNorm, double Sum, bool SameBest)
{
    /// <summary>Whether the difference is within bounds: absolute for the logits, relative for the norm; the sum of n logits may drift √n as far.</summary>
    public bool IsWithin(double absolute, double relative) =>
        Largest <= absolute && RelativeNorm <= relative && Sum <= absolute * 40 && SameBest;
}
