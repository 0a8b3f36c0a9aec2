using ResNeSt.Conformance;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Whole networks against the logits of the published implementations.</summary>
public sealed class GoldenForwardTests
{
    private static IEnumerable<string> Names() => Networks().Keys;

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(Names))]
    public void Logits_InSinglePrecision_AreThePublishedOnes(string name)
    {
        Check(name, Device.Cpu, DType.F32, known => true);
    }

    /// <summary>The small input only: the double oracle takes its time.</summary>
    [TestCaseSource(nameof(Names))]
    public void Logits_InDoublePrecision_AreThePublishedOnes(string name)
    {
        Check(name, Device.Reference, DType.F64, known => known.Input.ElementCount <= 3 * 64 * 64);
    }

    [TestCaseSource(nameof(Names))]
    [Category("Long")]
    public void Logits_InDoublePrecisionOnOddSizes_AreThePublishedOnes(string name)
    {
        Check(name, Device.Reference, DType.F64, known => known.Input.ElementCount > 3 * 64 * 64);
    }

    private static void Check(string name, Device device, DType dtype, Func<GoldenCase, bool> wanted)
    {
        var network = Networks()[name];
        var cases = network.Cases.Where(wanted).ToList();
        using var model = ModelZoo.Find(name).Create();
        Assert.That(model.ParameterCount(), Is.EqualTo(network.Parameters));
        Assert.That(model.NamedState().Count(), Is.EqualTo(network.Tensors));
        model.MaterializeEmpty(device, dtype);
        model.Eval();
        GoldenWeights.Fill(model);
        foreach (var known in cases)
        {
            var difference = GoldenForward.Compare(model, known, device, dtype);
            bool passed = dtype == DType.F64
                ? difference.IsWithin(1e-8 * Math.Max(1, known.Norm), 1e-8)
                : difference.IsWithin(1e-4, 1e-5);
            Assert.That(passed, Is.True, $"{name} {known.Input}: {difference}");
        }
    }

    private static Dictionary<string, GoldenNetwork> Networks()
    {
        using var stream = File.OpenRead(TestData.File("golden", "forward.json"));
        return GoldenForward.Read(stream, "forward.json").ToDictionary(network => network.Name);
    }
}
