using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx.Tests;

/// <summary>Networks and operators as ONNX files in memory.</summary>
internal static class Exported
{
    /// <summary>A network of the zoo with golden weights, to be disposed.</summary>
    public static Module Network(string name)
    {
        DefaultBackends.Use();
        var model = ModelZoo.Find(name).Create();
        model.MaterializeEmpty(Device.Cpu);
        GoldenWeights.Fill(model);
        model.Eval();
        return model;
    }

    public static byte[] File(Module model, int batch, int size, bool dynamic = false)
    {
        using var workspace = new GraphWorkspace(Device.Cpu);
        var graph = GraphRecorder.Trace(model, new TensorSpec([batch, 3, size, size], DType.F32), workspace);
        return File(ExpandComposites.Run(graph, workspace, OnnxExporter.HasForm), new OnnxExportOptions { Name = "net", DynamicBatch = dynamic });
    }

    public static byte[] File(Graph graph, OnnxExportOptions? options = null)
    {
        using var stream = new MemoryStream();
        long length = OnnxExporter.Write(graph, stream, options);
        Assert.That(stream.Length, Is.EqualTo(length), "the lengths were added up right");
        return stream.ToArray();
    }

    /// <summary>One operator whose first input is given by the caller; the others are constants.</summary>
    public static Graph Operator(Op op, TensorSpec input, params Tensor[] others)
    {
        var x = new GraphValue(input, "x");
        var constants = others.Select((tensor, index) => new GraphValue(tensor.Spec, $"c{index}", new GraphConstant(tensor)));
        GraphValue[] inputs = [x, .. constants];
        var outputs = op.Infer([.. inputs.Select(value => value.Spec)]).Select((spec, index) => new GraphValue(spec, $"y{index}")).ToArray();
        return new Graph([new GraphNode(op, inputs, outputs)], [x], [outputs[0]]);
    }
}
