using System.Globalization;
using System.Xml.Linq;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference.Tests;

/// <summary>Graphs as text, for Graphviz and as pictures.</summary>
public sealed class GraphDumpTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private GraphWorkspace _workspace = null!;

    [SetUp]
    public void Open()
    {
        DefaultBackends.Use();
        _workspace = new GraphWorkspace(Device.Cpu);
    }

    [TearDown]
    public void Close() => _workspace.Dispose();

    [Test]
    public void Text_SaysWhatEachNodeReadsWritesAndDoes()
    {
        string text = GraphDump.Text(Traced(optimised: true));

        Assert.That(text, Does.StartWith("input input: F32[1,3,64,64]\n"));
        Assert.That(text, Does.Contain("fused_conv2d(input, conv1.0.weight, conv1.0.bias)  {3×3 stride 2, relu}  # conv1.0\n"));
        Assert.That(text, Does.Contain("{attention over 2 splits, mean 3×3 stride 2, 1×1}  # layer2.0.conv3"));
        Assert.That(text, Does.Contain("{3×3 groups 2, relu, mean of 2 splits}"));
        Assert.That(text, Does.Match("output x[0-9]+: F32\\[1,10\\]\n$"));
    }

    [Test]
    public void Text_BeforeTheOptimisations_NamesEveryWeight()
    {
        using var net = new ResNet(SmallNets.ResNeSt);
        string text = GraphDump.Text(Traced(optimised: false));

        foreach (var (name, _) in net.NamedState().Where(entry => !entry.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
            Assert.That(text, Does.Contain(name));
    }

    [Test]
    public void Dot_HasANodeForEachOperatorAndAnEdgeForEachFlow()
    {
        var graph = Traced(optimised: true);

        string[] lines = GraphDump.Dot(graph).Split('\n');

        Assert.That(lines.Count(line => line.Contains(" -> ", StringComparison.Ordinal)),
            Is.EqualTo(graph.Nodes.Sum(node => node.Inputs.Count(input => input.Constant is null)) + graph.Outputs.Count));
        Assert.That(lines.Count(line => line.StartsWith("  n", StringComparison.Ordinal) && line.EndsWith("];", StringComparison.Ordinal) && !line.Contains("->", StringComparison.Ordinal)),
            Is.EqualTo(graph.Nodes.Count + 1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Svg_PutsEveryOperatorInABoxOfItsOwn(bool optimised)
    {
        var graph = Traced(optimised);

        var picture = XDocument.Parse(GraphDump.Svg(graph)).Root!;

        var boxes = picture.Elements(Svg + "rect").Select(rect => (X: Number(rect, "x"), Y: Number(rect, "y"), Width: Number(rect, "width"), Height: Number(rect, "height"))).ToList();
        Assert.That(boxes, Has.Count.EqualTo(graph.Nodes.Count + 2));
        for (int i = 0; i < boxes.Count; i++)
        {
            Assert.That(boxes[i].X, Is.GreaterThanOrEqualTo(0));
            Assert.That(boxes[i].X + boxes[i].Width, Is.LessThanOrEqualTo(Number(picture, "width")));
            Assert.That(boxes[i].Y + boxes[i].Height, Is.LessThanOrEqualTo(Number(picture, "height")));
            for (int j = 0; j < i; j++)
            {
                bool apart = boxes[i].X + boxes[i].Width <= boxes[j].X || boxes[j].X + boxes[j].Width <= boxes[i].X
                    || boxes[i].Y + boxes[i].Height <= boxes[j].Y || boxes[j].Y + boxes[j].Height <= boxes[i].Y;
                Assert.That(apart, Is.True, $"boxes {i} and {j} overlap");
            }
        }

        Assert.That(picture.Elements(Svg + "text").Select(text => text.Value), Has.Member("layer1.0.conv2.conv"));
    }

    [Test]
    public void Dumps_OfTheSameGraph_AreEqual()
    {
        using var other = new GraphWorkspace(Device.Cpu);

        Assert.That(GraphDump.Svg(Traced(optimised: true)), Is.EqualTo(GraphDump.Svg(Trace(other, optimised: true))));
    }

    [Test]
    public void Compile_WithADumpPrefix_WritesBothGraphsInThreeForms()
    {
        string folder = Directory.CreateTempSubdirectory("resnest-graph-").FullName;
        try
        {
            using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
            using var session = InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { DumpPrefix = Path.Combine(folder, "deep", "net") });

            Assert.That(Directory.EnumerateFiles(Path.Combine(folder, "deep")).Select(Path.GetFileName).Order(StringComparer.Ordinal), Is.EqualTo(new[]
            {
                "net.after.dot", "net.after.svg", "net.after.txt", "net.before.dot", "net.before.svg", "net.before.txt",
            }));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private Graph Traced(bool optimised) => Trace(_workspace, optimised);

    private static Graph Trace(GraphWorkspace workspace, bool optimised)
    {
        // Without weights: a graph can be looked at before there are any.
        using var net = new ResNet(SmallNets.ResNeSt);
        net.Eval();
        var graph = GraphRecorder.Trace(net, new TensorSpec([1, 3, 64, 64], DType.F32), workspace);
        return optimised ? GraphPasses.Optimize(graph, workspace) : graph;
    }
}
