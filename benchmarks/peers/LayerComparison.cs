using System.Text.Json;
using ResNeSt.Inference;

namespace ResNeSt.Peers;

/// <summary>Each layer of a network in both engines. ONNX Runtime's times come from its own profile, ours from the session's.</summary>
internal static class LayerComparison
{
    // The state of a shared machine changes within seconds: both are measured in turns.
    private const int Rounds = 5;
    private const int Runs = 6;

    /// <summary>Measures both with one thread.</summary>
    public static IReadOnlyList<LayerResult> Measure(PeerRow row, PeerFiles files, string library)
    {
        using var ours = new OurContender(row, files.Weights(row.Model, WeightDraw.Golden), files.Input(row), threads: 1);
        var nodes = new Dictionary<string, TheirNode>();
        var rounds = new List<IReadOnlyList<StepTime>>();
        for (int round = 0; round < Rounds; round++)
        {
            Theirs(row, files, library, nodes);
            rounds.Add(ours.Session.Profile(Runs));
        }

        List<TheirNode> theirs = [.. nodes.Values];
        var layers = new List<LayerResult>();
        for (int i = 0; i < rounds[0].Count; i++)
        {
            var step = rounds[0][i].Step;
            double milliseconds = Statistics.Of(rounds.Select(round => round[i].Milliseconds)).Median;
            // Layers of one shape come in one order in both.
            var conv = theirs.Find(node => !node.IsTaken && node.Flops == step.Cost.Flops && step.Output is { } output && node.Output.SequenceEqual(output.Shape));
            if (conv is not null)
                conv.IsTaken = true;
            layers.Add(new LayerResult(step.Module, conv?.What ?? step.Output?.Shape.ToString() ?? "", step.Name, conv is { Is3x3Stride1: true },
                milliseconds, step.Cost.Flops, step.Cost.BytesRead + step.Cost.BytesWritten, conv?.Milliseconds));
        }

        return layers;
    }

    // Adds the times of a few runs to the convolutions, which stay in the order of the profile.
    private static void Theirs(PeerRow row, PeerFiles files, string library, Dictionary<string, TheirNode> nodes)
    {
        string prefix = Path.Combine(files.Folder, $"profile-{Environment.ProcessId}");
        using (var contender = new TheirContender(row, library, files.Onnx(row, WeightDraw.Golden), files.Input(row), threads: 1, prefix))
        {
            for (int run = 0; run < Runs + 2; run++)
                contender.Run();
        }

        string file = Directory.EnumerateFiles(files.Folder, Path.GetFileName(prefix) + "*").Single();
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        File.Delete(file);
        foreach (var one in document.RootElement.EnumerateArray())
        {
            string name = one.GetProperty("name").GetString()!;
            if (!name.EndsWith("_kernel_time", StringComparison.Ordinal) || one.GetProperty("args").GetProperty("op_name").GetString() != "Conv")
                continue;
            if (!nodes.TryGetValue(name, out var node))
                nodes.Add(name, node = new TheirNode(one.GetProperty("args")));
            node.Times.Add(one.GetProperty("dur").GetDouble() / 1000);
        }
    }

    private sealed class TheirNode
    {
        public TheirNode(JsonElement arguments)
        {
            int[][] inputs = [.. arguments.GetProperty("input_type_shape").EnumerateArray().Select(Shape)];
            var (x, w) = (inputs[0], inputs[1]);
            Output = Shape(arguments.GetProperty("output_type_shape")[0]);
            int groups = x[1] / w[1];
            Flops = 2.0 * Output.Aggregate(1.0, (product, extent) => product * extent) * w[1] * w[2] * w[3];
            Is3x3Stride1 = w[2] == 3 && w[3] == 3 && x[2] == Output[2] && x[2] > 1;
            string stride = x[2] > Output[2] ? "/2" : "";
            What = $"{w[2]}×{w[3]}{stride}{(groups > 1 ? $" g{groups}" : "")} {x[1]}→{w[0]} @{Output[2]}";
        }

        public List<double> Times { get; } = [];

        public double Milliseconds => Statistics.Of(Times).Median;

        public bool IsTaken { get; set; }

        public string What { get; }

        public bool Is3x3Stride1 { get; }

        public double Flops { get; }

        public int[] Output { get; }

        private static int[] Shape(JsonElement typed) => [.. typed.EnumerateObject().First().Value.EnumerateArray().Select(extent => extent.GetInt32())];
    }
}
