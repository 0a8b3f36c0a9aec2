using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>The backend tests of the ONNX standard, small graphs with inputs and outputs: tests/Data/onnx, or what RESNEST_TEST_DATA holds instead.</summary>
public static class OnnxCorpus
{
    private static readonly Lazy<JsonElement> Root = new(() => TestData.Json("onnx", "cases.json"));
    private static readonly Lazy<byte[]> Binary = new(() => File.ReadAllBytes(TestData.File("onnx", Root.Value.GetProperty("binary").GetString()!)));

    /// <summary>The first operators of the graphs: each case belongs to one of them.</summary>
    public static IReadOnlyList<string> OpNames { get; } = [.. Cases().Select(GroupOf).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The cases of one first operator.</summary>
    public static IEnumerable<JsonElement> Of(string op) => Cases().Where(onnxCase => GroupOf(onnxCase) == op);

    /// <summary>The name that the standard gives a case.</summary>
    public static string NameOf(JsonElement onnxCase) => onnxCase.GetProperty("name").GetString()!;

    /// <summary>Why a case is not run on a device, or null.</summary>
    public static string? Exclusion(JsonElement onnxCase, Device device)
    {
        if (device != Device.Reference && NeedsDouble(onnxCase))
            return CorpusExclusions.BeyondSingle;
        var nodes = onnxCase.GetProperty("nodes").EnumerateArray().ToArray();
        int[] shape = [.. onnxCase.GetProperty("inputs").EnumerateArray().Take(1)
            .SelectMany(input => input.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32()))];
        string[] ops = Array.ConvertAll(nodes, node => node.GetProperty("op").GetString()!);
        return CorpusExclusions.Reason(CorpusExclusions.Onnx, new CorpusExclusions.Facts(NameOf(onnxCase), ops, "", shape, nodes[0].GetProperty("attributes")));
    }

    /// <summary>Runs a case and says how outputs differ; empty if they do not.</summary>
    /// <param name="onnxCase">The case.</param>
    /// <param name="device">Where to run it; F64 becomes F32 where the device has no F64.</param>
    /// <param name="tolerance">How far values may differ.</param>
    /// <param name="worst">Raised to the largest scaled error.</param>
    public static List<string> Failures(JsonElement onnxCase, Device device, Tolerance tolerance, ref double worst)
    {
        using var scope = new TensorScope();
        var values = new Dictionary<string, Tensor>();
        foreach (var input in onnxCase.GetProperty("inputs").EnumerateArray())
        {
            var data = CorpusTensor.Read(input, Binary.Value);
            values[input.GetProperty("name").GetString()!] = Tensor.FromDoubles(data.Values, new TensorSpec(data.Shape, TypeOn(device, data)), device);
        }

        int opset = onnxCase.GetProperty("opset").GetInt32();
        foreach (var node in onnxCase.GetProperty("nodes").EnumerateArray())
        {
            var call = new OnnxNode(node, values, opset, device);
            if (!OnnxOperators.All.TryGetValue(call.Op, out var compute))
                return [$"unknown operator '{call.Op}': write it in OnnxOperators or list it in CorpusExclusions"];
            var results = compute(call);
            var names = node.GetProperty("outputs").EnumerateArray().Select(name => name.GetString()!).ToArray();
            for (int i = 0; i < Math.Min(names.Length, results.Length); i++)
                values[names[i]] = results[i];
        }

        var failures = new List<string>();
        foreach (var output in onnxCase.GetProperty("outputs").EnumerateArray())
        {
            string name = output.GetProperty("name").GetString()!;
            var expected = CorpusTensor.Read(output, Binary.Value);
            if (!values.TryGetValue(name, out var actual))
                failures.Add($"output '{name}' was not computed");
            else if (actual.Shape != expected.Shape)
                failures.Add($"output '{name}' has shape {actual.Shape} instead of {expected.Shape}");
            else
            {
                // Integers are computed in floating point where the engine computes; they must come out exact.
                var allowed = expected.Type == "F16" ? Tolerance.For(DType.F16) : expected.IsFloatingPoint ? tolerance : Tolerance.Exact;
                var numbers = actual.ToDoubles();
                if (Comparison.Difference(expected.Values, numbers, allowed, nanIsAValue: true) is { } difference)
                    failures.Add($"output '{name}': {difference}");
                if (expected.Type != "F16")
                    worst = Math.Max(worst, Comparison.WorstError(expected.Values, numbers, nanIsAValue: true));
            }
        }

        return failures;
    }

    private static DType TypeOn(Device device, CorpusTensor data) => data.DType == DType.F64 && device != Device.Reference ? DType.F32 : data.DType;

    private static bool NeedsDouble(JsonElement onnxCase) => onnxCase.GetProperty("inputs").EnumerateArray()
        .Where(input => input.GetProperty("dtype").GetString() == "F64")
        .Any(input => CorpusTensor.Read(input, Binary.Value).Values.Any(value => double.IsFinite(value) && Math.Abs(value) > float.MaxValue));

    private static IEnumerable<JsonElement> Cases() => Root.Value.GetProperty("cases").EnumerateArray();

    private static string GroupOf(JsonElement onnxCase) => onnxCase.GetProperty("nodes")[0].GetProperty("op").GetString()!;
}
