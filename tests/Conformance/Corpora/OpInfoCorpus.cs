using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>PyTorch's own samples of its operators, with outputs and gradients in float64: tests/Data/opinfo, or what RESNEST_TEST_DATA holds instead.</summary>
public static class OpInfoCorpus
{
    private static readonly Lazy<JsonElement> Root = new(() => TestData.Json("opinfo", "opinfo.json"));
    private static readonly Lazy<byte[]> Binary = new(() => File.ReadAllBytes(TestData.File("opinfo", Root.Value.GetProperty("binary").GetString()!)));

    /// <summary>The names of the operators in the corpus.</summary>
    public static IReadOnlyList<string> OpNames { get; } = [.. Samples().Select(OpOf).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Every sample of one operator.</summary>
    public static IEnumerable<JsonElement> Of(string op) => Samples().Where(sample => OpOf(sample) == op);

    /// <summary>Name, variant and number of a sample.</summary>
    public static string NameOf(JsonElement sample) => $"{OpOf(sample)} {sample.GetProperty("variant").GetString()}#{sample.GetProperty("sample")}";

    /// <summary>Why a sample is not run, or null.</summary>
    public static string? Exclusion(JsonElement sample)
    {
        var input = sample.GetProperty("input");
        int[] shape = input.ValueKind == JsonValueKind.Object
            ? [.. input.GetProperty("tensor").GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32())]
            : [];
        var facts = new CorpusExclusions.Facts(NameOf(sample), [OpOf(sample)], sample.GetProperty("variant").GetString()!, shape, sample.GetProperty("kwargs"));
        return CorpusExclusions.Reason(CorpusExclusions.OpInfo, facts);
    }

    /// <summary>Runs a sample and says how outputs, updated buffers or gradients differ; empty if they do not.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="device">Where to run it.</param>
    /// <param name="dtype">Type of its floating-point tensors.</param>
    /// <param name="tolerance">How far values may differ.</param>
    /// <param name="worst">Raised to the largest scaled error.</param>
    public static List<string> Failures(JsonElement sample, Device device, DType dtype, Tolerance tolerance, ref double worst)
    {
        using var scope = new TensorScope();
        var failures = new List<string>();
        if (!TorchFunctions.All.TryGetValue(OpOf(sample), out var function))
            return [$"unknown operator '{OpOf(sample)}': write it in TorchFunctions or list it in CorpusExclusions"];
        var call = new TorchCall(sample, Binary.Value, device, dtype);
        var results = function(call);
        var expected = sample.GetProperty("outputs").EnumerateArray().Concat(sample.GetProperty("buffers_after").EnumerateArray())
            .Select(entry => CorpusTensor.Read(entry, Binary.Value)).ToArray();
        if (results.Length < expected.Length)
            return [$"{results.Length} outputs and buffers instead of {expected.Length}"];
        for (int i = 0; i < expected.Length; i++)
            Compare($"output {i}", expected[i], results[i], ref worst);

        var cotangents = sample.GetProperty("cotangents").EnumerateArray().Select(entry => CorpusTensor.Read(entry, Binary.Value)).ToArray();
        if (call.Leaves.Count > 0)
        {
            // Only floating-point outputs have an upstream gradient.
            var upstream = new Tensor?[results.Length];
            for (int i = 0, next = 0; i < results.Length && next < cotangents.Length; i++)
            {
                if (results[i].DType.IsFloatingPoint && results[i].NeedsGrad)
                    upstream[i] = Tensor.FromDoubles(cotangents[next].Values, new TensorSpec(cotangents[next++].Shape, dtype), device);
            }

            var gradients = Backpropagation.Gradients(results, upstream, call.Leaves.ToArray());
            var expectedGradients = sample.GetProperty("gradients").EnumerateArray().ToArray();
            for (int i = 0; i < gradients.Length; i++)
            {
                var gradient = gradients[i] ?? Tensor.Zeros(call.Leaves[i].Shape, dtype, device);
                if (expectedGradients[i].ValueKind == JsonValueKind.Object)
                    Compare($"gradient {i}", CorpusTensor.Read(expectedGradients[i], Binary.Value), gradient, ref worst);
            }
        }

        return failures;

        void Compare(string what, CorpusTensor right, Tensor actual, ref double worstError)
        {
            if (right.Shape != actual.Shape)
            {
                failures.Add($"{what} has shape {actual.Shape} instead of {right.Shape}");
                return;
            }

            var values = actual.ToDoubles();
            var allowed = right.IsFloatingPoint ? tolerance : Tolerance.Exact;
            if (Comparison.Difference(right.Values, values, allowed, nanIsAValue: true) is { } difference)
                failures.Add($"{what}: {difference}");
            worstError = Math.Max(worstError, Comparison.WorstError(right.Values, values, nanIsAValue: true));
        }
    }

    private static IEnumerable<JsonElement> Samples() => Root.Value.GetProperty("cases").EnumerateArray();

    private static string OpOf(JsonElement sample) => sample.GetProperty("op").GetString()!;
}
