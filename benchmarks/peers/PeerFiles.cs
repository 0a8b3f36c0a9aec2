using System.Runtime.InteropServices;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Onnx;
using ResNeSt.Tensors;
using ResNeSt.Weights;

namespace ResNeSt.Peers;

/// <summary>What both contenders read: weights as safetensors and as ONNX, the input, and the logits in double precision. Made once and kept.</summary>
/// <param name="folder">Where they lie.</param>
internal sealed class PeerFiles(string folder)
{
    public string Folder { get; } = Directory.CreateDirectory(folder).FullName;

    /// <summary>The weights, as safetensors.</summary>
    public string Weights(string model, string draw) => Make($"{model}-{draw}.safetensors", path =>
    {
        using var network = Filled(model, draw);
        SafetensorsWriter.Write(path, [.. network.NamedState().Where(entry => entry.State.Value.DType == DType.F32).Select(entry =>
            WeightSource.FromSingles(entry.Name, [.. entry.State.Shape.Select(extent => (long)extent)], entry.State.Value.ToArray<float>()))]);
    });

    /// <summary>The network with its weights, for a fixed batch.</summary>
    public string Onnx(PeerRow row, string draw) => Make($"{row.File}-{draw}.onnx", path =>
    {
        using var network = Filled(row.Model, draw);
        using var workspace = new GraphWorkspace(Device.Cpu);
        var graph = GraphRecorder.Trace(network, new TensorSpec(Shape.Create(row.Shape), DType.F32), workspace);
        OnnxExporter.Export(ExpandComposites.Run(graph, workspace, OnnxExporter.HasForm), path, new OnnxExportOptions { Name = row.Model });
    });

    /// <summary>The golden input.</summary>
    public string Input(PeerRow row) => Make($"input-{row.Size}-b{row.Batch}.bin", path =>
        File.WriteAllBytes(path, MemoryMarshal.AsBytes<float>([.. GoldenWeights.Values("input", Shape.Create(row.Shape)).Select(value => (float)value)])));

    /// <summary>The logits of the first picture, computed by scalar loops in double precision: minutes.</summary>
    public string Reference(PeerRow row, string draw, TextWriter log) => Make($"{row.Model}-{row.Size}-{draw}.reference", path =>
    {
        log.WriteLine($"double reference of {row.Model} {row.Size}², {draw} weights: scalar loops, a few minutes at the first time");
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        using var single = Filled(row.Model, draw);
        using var network = ModelZoo.Find(row.Model).Create();
        network.MaterializeEmpty(Device.Reference, DType.F64);
        var values = single.NamedState().ToDictionary(entry => entry.Name, entry => entry.State.Value);
        foreach (var (name, state) in network.NamedState())
            state.Value.AssignRounded(values[name].ToDoubles());
        network.Eval();
        Shape shape = [1, 3, row.Size, row.Size];
        var input = Tensor.FromDoubles(GoldenWeights.Values("input", Shape.Create(row.Shape)).AsSpan(0, shape.ElementCount), new TensorSpec(shape, DType.F64), Device.Reference);
        File.WriteAllBytes(path, MemoryMarshal.AsBytes<double>(network.Forward(input).ToDoubles()));
    });

    private static Nn.Module Filled(string model, string draw)
    {
        var network = ModelZoo.Find(model).Create();
        network.MaterializeEmpty(Device.Cpu);
        WeightDraw.Fill(network, draw);
        network.Eval();
        return network;
    }

    private string Make(string name, Action<string> write)
    {
        string path = Path.Combine(Folder, name);
        if (!File.Exists(path))
        {
            string part = path + ".part";
            File.Delete(part);
            write(part);
            File.Move(part, path);
        }

        return path;
    }
}
