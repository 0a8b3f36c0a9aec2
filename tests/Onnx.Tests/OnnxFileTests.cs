using System.Runtime.InteropServices;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx.Tests;

/// <summary>What stands in the files, read by rules of the format alone.</summary>
public sealed class OnnxFileTests
{
    [Test]
    public void Export_OfANetwork_HoldsItsLayersAndWeights()
    {
        using var model = Exported.Network("resnest14");
        var file = new OnnxFile(Exported.File(model, batch: 2, size: 64));
        Assert.That((file.IrVersion, file.OperatorSet, file.Producer, file.Name), Is.EqualTo((8L, 17L, "ResNeSt.NET", "net")));
        Assert.That(file.Inputs, Is.EqualTo(new[] { ("input", "[2,3,64,64]") }));
        Assert.That(file.Outputs, Is.EqualTo(new[] { ("logits", "[2,1000]") }));
        AssertOrdered(file);

        Assert.That(file.Nodes.Count(node => node.Type == "Conv"), Is.EqualTo(model.NamedModules().Count(entry => entry.Module is Conv2d)));
        Assert.That(file.Nodes.Count(node => node.Type == "BatchNormalization"), Is.EqualTo(model.NamedModules().Count(entry => entry.Module is BatchNorm2d)));
        foreach (var (name, state) in model.NamedState().Where(entry => entry.State.Value.DType == DType.F32))
        {
            var weight = file.Weights[name];
            Assert.That(weight.Type, Is.EqualTo(1));
            Assert.That(weight.Shape, Is.EqualTo(state.Shape.Select(extent => (long)extent)), name);
            Assert.That(MemoryMarshal.Cast<byte, float>(weight.Bytes.Span).SequenceEqual(state.Value.ToArray<float>()), name);
        }

        var grouped = file.Nodes.First(node => node.Type == "Conv" && node.Integer("group") == 2);
        Assert.That(grouped.Name, Is.EqualTo("layer1.0.conv2.conv/Conv"));
        Assert.That(grouped.Integers("pads"), Is.EqualTo(new[] { 1L, 1, 1, 1 }));
        Assert.That(grouped.Integers("kernel_shape"), Is.EqualTo(new[] { 3L, 3 }));
    }

    [Test]
    public void Export_WithDynamicBatch_FixesItNowhere()
    {
        const int traced = 3;
        using var model = Exported.Network("resnest14");
        var file = new OnnxFile(Exported.File(model, traced, 64, dynamic: true));
        Assert.That(file.Inputs[0].Shape, Is.EqualTo("[batch,3,64,64]"));
        Assert.That(file.Outputs[0].Shape, Is.EqualTo("[batch,1000]"));
        foreach (var reshape in file.Nodes.Where(node => node.Type == "Reshape"))
            Assert.That(MemoryMarshal.Cast<byte, long>(file.Weights[reshape.Inputs[1]].Bytes.Span)[0], Is.EqualTo(-1), reshape.Name);
    }

    private static IEnumerable<string> Networks() => ModelZoo.All.Select(entry => entry.Name);

    [TestCaseSource(nameof(Networks))]
    public void Network_OfTheZoo_HasAFormAlsoForAnyBatch(string name)
    {
        DefaultBackends.Use();
        using var model = ModelZoo.Find(name).Create();
        model.MaterializeEmpty(Device.Meta);
        model.Eval();
        using var workspace = new GraphWorkspace(Device.Cpu);
        var graph = GraphRecorder.Trace(model, new TensorSpec([3, 3, 64, 64], DType.F32), workspace);
        graph = ExpandComposites.Run(graph, workspace, OnnxExporter.HasForm);
        // The weights have no values: everything is put together, then the first one cannot be read.
        Assert.That(() => OnnxExporter.Write(graph, Stream.Null, new OnnxExportOptions { DynamicBatch = true }),
            Throws.InstanceOf<NotSupportedException>().With.Message.Contains("device meta"));
    }

    [Test]
    public void Export_OfAnOperatorWithoutForm_NamesIt()
    {
        var graph = Exported.Operator(new DropoutOp(0.5, 1), new TensorSpec([2, 3], DType.F32));
        Assert.That(() => OnnxExporter.Write(graph, Stream.Null), Throws.InstanceOf<NotSupportedException>().With.Message.EqualTo("onnx: operator dropout has no ONNX form"));
    }

    [Test]
    public void Export_ThatMixesPictures_IsRefusedForAnyBatch()
    {
        var graph = Exported.Operator(new SoftmaxOp(0), new TensorSpec([2, 3], DType.F32));
        Assert.That(() => OnnxExporter.Write(graph, Stream.Null), Throws.Nothing);
        Assert.That(() => OnnxExporter.Write(graph, Stream.Null, new OnnxExportOptions { DynamicBatch = true }),
            Throws.InstanceOf<NotSupportedException>().With.Message.Contains("softmax").And.Message.Contains("fixed batch"));
    }

    [Test]
    public void Export_OfMoreThanProtobufHolds_IsRefusedBeforeAnythingIsWritten()
    {
        using var weights = Tensor.Empty([600, 1_000_000], DType.F32, Device.Meta);
        var graph = Exported.Operator(new MatMulOp(false, true), new TensorSpec([1, 1_000_000], DType.F32), weights);
        using var stream = new MemoryStream();
        Assert.That(() => OnnxExporter.Write(graph, stream), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("2.4 GB"));
        Assert.That(stream.Length, Is.Zero);
    }

    [Test]
    public void Export_ThatFailsHalfway_LeavesTheOldFile()
    {
        string folder = Directory.CreateTempSubdirectory("resnest-onnx-").FullName;
        try
        {
            string path = Path.Combine(folder, "net.onnx");
            File.WriteAllText(path, "old");
            using var weights = Tensor.Empty([2, 3], DType.F32, Device.Meta);
            var graph = Exported.Operator(new MatMulOp(false, true), new TensorSpec([1, 3], DType.F32), weights);
            Assert.That(() => OnnxExporter.Export(graph, path), Throws.InstanceOf<NotSupportedException>());
            Assert.That(Directory.EnumerateFiles(folder), Is.EqualTo(new[] { path }));
            Assert.That(File.ReadAllText(path), Is.EqualTo("old"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Constants_ThatAreScaled_AreWrittenScaled()
    {
        using var weights = Tensor.FromArray(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3], Device.Reference);
        var x = new GraphValue(new TensorSpec([1, 3], DType.F32), "x");
        var w = new GraphValue(weights.Spec, "w", new GraphConstant(weights, [10, 0.5]));
        var y = new GraphValue(new TensorSpec([1, 2], DType.F32), "y");
        var file = new OnnxFile(Exported.File(new Graph([new GraphNode(new LinearOp(), [x, w], [y])], [x], [y])));
        Assert.That(MemoryMarshal.Cast<byte, float>(file.Weights["w"].Bytes.Span).ToArray(), Is.EqualTo(new[] { 10f, 20, 30, 2, 2.5f, 3 }));
        Assert.That(file.Nodes[0].Type, Is.EqualTo("Gemm"));
        Assert.That(file.Nodes[0].Integer("transB"), Is.EqualTo(1));
    }

    /// <summary>Names are unique, and every value is written before it is read.</summary>
    private static void AssertOrdered(OnnxFile file)
    {
        Assert.That(file.Nodes.Select(node => node.Name), Is.Unique);
        var known = file.Inputs.Select(input => input.Name).Concat(file.Weights.Keys).Append("").ToHashSet();
        foreach (var node in file.Nodes)
        {
            Assert.That(node.Inputs, Is.SubsetOf(known), node.Name);
            foreach (string output in node.Outputs)
                Assert.That(known.Add(output), output);
        }

        Assert.That(file.Outputs.Select(output => output.Name), Is.SubsetOf(known));
    }
}
