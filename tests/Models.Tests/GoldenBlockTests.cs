using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Single blocks, forward and backward, against the numbers of the published implementations.</summary>
public sealed class GoldenBlockTests
{
    private static readonly string[] UnbuiltKinds = ["deform_conv"];

    private static IEnumerable<string> Names() => TestData.Json("golden", "blocks.json").EnumerateObject().Select(block => block.Name);

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(Names))]
    public void Block_InSinglePrecision_IsThePublishedOne(string name) => Check(name, Device.Cpu, DType.F32);

    [TestCaseSource(nameof(Names))]
    public void Block_InDoublePrecision_IsThePublishedOne(string name) => Check(name, Device.Reference, DType.F64);

    private static void Check(string name, Device device, DType dtype)
    {
        var known = TestData.Json("golden", "blocks.json").GetProperty(name);
        using var scope = new TensorScope();
        using var block = Create(known.GetProperty("config"));
        var failures = new List<string>();

        var state = block.NamedState().ToDictionary(entry => entry.Name, entry => entry.State.Shape);
        var knownState = known.GetProperty("state").EnumerateObject().ToDictionary(entry => entry.Name, entry => Shape.Create(Ints(entry.Value)));
        Assert.That(state.Keys, Is.EquivalentTo(knownState.Keys));
        foreach (var (key, shape) in knownState)
            Assert.That(state[key], Is.EqualTo(shape), key);

        block.MaterializeEmpty(device, dtype);
        block.Eval();
        GoldenWeights.Fill(block);
        var x = Generated("x", known.GetProperty("x_shape"), device, dtype);
        var dy = Generated("dy", known.GetProperty("y_shape"), device, dtype);

        using (GradMode.Off())
            CheckOutput("eval_y", block.Forward(x).ToDoubles(), known, dtype, failures);

        x.RequiresGrad = true;
        block.Train();
        var y = block.Forward(x);
        CheckOutput("train_y", y.ToDoubles(), known, dtype, failures);
        foreach (var running in known.GetProperty("running_after").EnumerateObject())
        {
            var actual = block.NamedState().Single(entry => entry.Name == running.Name).State.Value.ToDoubles();
            GoldenTolerance.CheckValues(running.Name, actual, Doubles(running.Value), 1, dtype, failures);
        }

        y.Backward(dy);
        double norm = known.GetProperty("dx_l2").GetDouble();
        GoldenTolerance.CheckGradient("dx", x.Grad!.ToDoubles(), Doubles(known.GetProperty("dx_first16")), norm, dtype, failures);
        GoldenTolerance.CheckNorm("dx", x.Grad!.ToDoubles(), norm, dtype == DType.F64 ? 1e-8 : 1e-3, dtype == DType.F64 ? 1e-8 : 0, failures);
        CheckParameterGradients(block, known.GetProperty("grads"), dtype, failures);

        Assert.That(failures, Is.Empty, string.Join("\n", failures));
    }

    private static void CheckParameterGradients(Module block, JsonElement known, DType dtype, List<string> failures)
    {
        var gradients = block.NamedParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter.Value.Grad!.ToDoubles());
        Assert.That(gradients.Keys, Is.EquivalentTo(known.EnumerateObject().Select(entry => entry.Name)));
        double largest = gradients.Values.Select(values => GoldenTolerance.Norm(values)).DefaultIfEmpty().Max();
        foreach (var entry in known.EnumerateObject())
        {
            double norm = entry.Value.GetProperty("l2").GetDouble();
            var actual = gradients[entry.Name];
            if (GoldenZeroGradients.Contains(block, entry.Name))
            {
                double bound = (dtype == DType.F64 ? 1e-10 : 1e-4) * Math.Max(1, largest);
                double worst = actual.Max(Math.Abs);
                if (!(worst <= bound))
                    failures.Add($"{entry.Name}: gradient {worst:g3} should vanish, bound {bound:g2}");
                continue;
            }

            GoldenTolerance.CheckGradient(entry.Name, actual, Doubles(entry.Value.GetProperty("first4")), norm, dtype, failures);
            GoldenTolerance.CheckNorm(entry.Name, actual, norm, dtype == DType.F64 ? 1e-8 : 1e-3, dtype == DType.F64 ? 1e-8 : 0, failures);
        }
    }

    private static void CheckOutput(string what, double[] actual, JsonElement known, DType dtype, List<string> failures)
    {
        double norm = known.GetProperty($"{what}_l2").GetDouble();
        GoldenTolerance.CheckValues(what, actual, Doubles(known.GetProperty($"{what}_first16")), norm, dtype, failures);
        GoldenTolerance.CheckNorm(what, actual, norm, dtype == DType.F64 ? 1e-8 : 1e-5, dtype == DType.F64 ? 1e-8 : 0, failures);
    }

    /// <summary>Builds a block from its description; an unknown kind fails, one of a family that is not built yet is a counted skip.</summary>
    private static Module Create(JsonElement config)
    {
        string kind = config.GetProperty("kind").GetString()!;
        int Int(string name, int otherwise) => config.TryGetProperty(name, out var value) ? value.GetInt32() : otherwise;
        string Text(string name, string otherwise) => config.TryGetProperty(name, out var value) ? value.GetString()! : otherwise;
        int channels = Int("channels", 0);
        bool Flag(string name, bool otherwise) => config.TryGetProperty(name, out var value) ? value.GetBoolean() : otherwise;
        switch (kind)
        {
            case "splat":
                return new SplitAttention(Int("channels_in", 0), Int("channels_out", 0), Int("kernel", 3), Int("stride", 1), Int("padding", 1),
                    Int("dilation", 1), Int("radix", 2), Int("cardinality", 1), Int("reduction", 4), Int("min_inter", 32));
            case "bottleneck":
                var options = new ResNetOptions
                {
                    Depths = [1, 1, 1, 1],
                    Radix = Int("radix", 0),
                    Cardinality = Int("cardinality", 1),
                    BottleneckWidth = Int("bottleneck_width", 64),
                    AverageDown = Flag("avd", false),
                    AverageDownFirst = Flag("avd_first", false),
                    Shortcut = Text("shortcut", "") == "avg_down" ? ShortcutKind.AverageDown : ShortcutKind.Projection,
                };
                int stride = Int("stride", 1), dilation = Int("dilation", 1);
                return new Bottleneck(options, new BlockPlace(Int("channels_in", 0), Int("planes", 0), stride, dilation, dilation, Flag("is_first", stride > 1)));
            case "se":
                return new SqueezeExcitation(channels, channels / Int("reduction", 16));
            case "sse":
                return new SpatialSqueeze(channels);
            case "scse":
                return new ConcurrentSqueezeExcitation(channels, channels / Int("reduction", 2), larger: Text("fusion", "sum") == "max");
            case "sk":
                return new SelectiveKernel(channels, channels, Int("inter", 32), groups: Int("groups", 32), branches: Int("branches", 2));
            case "cbam":
                return new ConvolutionalAttention(channels, channels / Int("reduction", 16));
            case "gc":
                return new GlobalContext(channels, Int("planes", 0), Text("pooling", "attention") == "attention" ? ContextPooling.Attention : ContextPooling.Average,
                    Text("fusion", "add") == "add" ? ContextFusion.Add : ContextFusion.Multiply);
            case "non_local":
                var form = Enum.Parse<NonLocalForm>(Text("form", "embedded_gaussian").Replace("_", ""), ignoreCase: true);
                return new NonLocal(channels, Int("inter", 0), form, scaled: Text("scale", "none") == "1/sqrt(inter)", normalized: Text("norm", "none") != "none");
            case "simplified_non_local":
                return new SimplifiedNonLocal(channels);
            case "cot":
                return new ContextualTransformer(Int("dim", 0));
            case "coxt":
                return new ContextualExtension(Int("dim", 0));
            case "blur_pool":
                return new BlurPool(Int("stride", 2));
            default:
                if (UnbuiltKinds.Contains(kind))
                    Assert.Ignore($"blocks of kind '{kind}' are not built yet");
                throw new AssertionException($"unknown kind of block '{kind}'");
        }
    }

    private static Tensor Generated(string key, JsonElement shape, Device device, DType dtype)
    {
        var extents = Shape.Create(Ints(shape));
        return Tensor.FromDoubles(GoldenWeights.Values(key, extents), new TensorSpec(extents, dtype), device);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];
}
