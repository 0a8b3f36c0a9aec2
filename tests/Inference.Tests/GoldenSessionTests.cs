using ResNeSt.Conformance;
using ResNeSt.Models;
using ResNeSt.Tensors;

namespace ResNeSt.Inference.Tests;

/// <summary>Compiled networks of the zoo against the logits of the published implementations, and against eager execution for other batches and sizes.</summary>
public sealed class GoldenSessionTests
{
    private static readonly string[] Quick = ["resnest14", "resnest26", "resnest50", "resnest50_fast_4s2x40d", "resnest50_fast_1s4x24d", "resnest50_dilated8"];

    private static readonly Dictionary<string, GoldenNetwork> Networks = Read();

    private static IEnumerable<string> QuickNames => Networks.Keys.Where(Quick.Contains);

    private static IEnumerable<string> OtherNames => Networks.Keys.Except(Quick);

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(QuickNames))]
    public void Logits_OfCompiledResNeSts_AreThePublishedOnes(string name) => Check(name);

    [TestCaseSource(nameof(OtherNames))]
    [Category("Long")]
    public void Logits_OfEveryCompiledNetwork_AreThePublishedOnes(string name) => Check(name);

    [TestCase("resnest14", 1, 64, 64)]
    [TestCase("resnest14", 2, 97, 131)]
    [TestCase("resnest14", 3, 64, 96)]
    [TestCase("resnest14", 5, 33, 65)]
    [TestCase("resnest14", 8, 64, 64)]
    [TestCase("resnest14", 64, 32, 32)]
    [TestCase("resnest50_fast_2s2x40d", 4, 71, 64)]
    public void Run_OfOtherBatchesAndSizes_EqualsEager(string name, int batch, int height, int width)
    {
        var spec = new TensorSpec([batch, 3, height, width], DType.F32);
        using var model = SmallNets.Filled(ModelZoo.Find(name).Create());
        using var session = InferenceSession.Compile(model, spec);
        var output = new float[session.Output.ElementCount];

        session.Run(SmallNets.Values(spec), output);

        SmallNets.AssertClose(output, SmallNets.Eager(model, spec));
    }

    /// <summary>Running variances from 10⁻³ to 10³: folded into the convolutions such norms scale neighbouring channels by factors a thousand apart.</summary>
    [Test]
    [Category("Long")]
    public void Logits_OfHarshWeights_AreThoseInDoublePrecision()
    {
        var spec = new TensorSpec([1, 3, 64, 64], DType.F32);
        using var model = SmallNets.Filled(ModelZoo.Find("resnest14").Create());
        var state = model.NamedState().ToDictionary(entry => entry.Name, entry => entry.State.Value);
        foreach (var (name, variance) in state.Where(entry => entry.Key.EndsWith("running_var", StringComparison.Ordinal)))
        {
            // Golden variances are 1 + v / 2 with v even in [-1, 1]. The factors keep the energy of the layer's output.
            double[] drawn = [.. variance.ToDoubles().Select(value => Math.Pow(10, 6 * (value - 1)))];
            Assert.That(drawn.Max() / drawn.Min(), Is.GreaterThan(100), name);
            double energy = Math.Sqrt(drawn.Average(value => 1 / value));
            var scale = state[name[..^"running_var".Length] + "weight"];
            variance.AssignRounded(drawn);
            scale.AssignRounded([.. scale.ToDoubles().Select(value => value / energy)]);
        }

        using var session = InferenceSession.Compile(model, spec);
        var logits = new float[session.Output.ElementCount];
        session.Run(SmallNets.Values(spec), logits);
        model.ToDevice(Device.Reference, DType.F64);
        double[] expected;
        using (GradMode.Off())
        using (new TensorScope())
            expected = model.Forward(Tensor.FromDoubles([.. SmallNets.Values(spec).Select(value => (double)value)], spec with { DType = DType.F64 }, Device.Reference)).ToDoubles();

        SmallNets.AssertClose(logits, expected, relative: 5e-5);
    }

    private static void Check(string name)
    {
        using var model = SmallNets.Filled(ModelZoo.Find(name).Create());
        foreach (var known in Networks[name].Cases)
        {
            var spec = new TensorSpec(known.Input, DType.F32);
            using var session = InferenceSession.Compile(model, spec);
            var logits = new float[session.Output.ElementCount];

            session.Run(SmallNets.Values(spec), logits);

            var difference = GoldenForward.Compare(Array.ConvertAll(logits, logit => (double)logit), known);
            Assert.That(difference.IsWithin(1e-4, 1e-5), Is.True, $"{name} {known.Input}: {difference}");
        }
    }

    private static Dictionary<string, GoldenNetwork> Read()
    {
        using var stream = File.OpenRead(TestData.File("golden", "forward.json"));
        return GoldenForward.Read(stream, "forward.json").ToDictionary(network => network.Name);
    }
}
