using ResNeSt.Conformance;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Whole networks against the logits of the published implementations.</summary>
public sealed class GoldenForwardTests
{
    // Every second network of the family lies here; it takes a minute, so the large ones wait for the long run.
    private const long MostParameters = 30_000_000;

    private static IEnumerable<string> Names() => Networks().Keys;

    private static IEnumerable<TestCaseData> Relatives() => Read("relatives").Select(network =>
        network.Value.Parameters > MostParameters ? new TestCaseData(network.Key).SetCategory("Long") : new TestCaseData(network.Key));

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(Names))]
    public void Logits_InSinglePrecision_AreThePublishedOnes(string name)
    {
        Check(Networks()[name], Device.Cpu, DType.F32, known => true);
    }

    [TestCaseSource(nameof(Relatives))]
    public void LogitsOfRelatives_InSinglePrecision_AreThoseOfTheirSources(string name)
    {
        Check(Read("relatives")[name], Device.Cpu, DType.F32, known => true);
    }

    [TestCaseSource(nameof(Relatives))]
    [Category("Long")]
    public void LogitsOfRelatives_InDoublePrecision_AreThoseOfTheirSources(string name)
    {
        Check(Read("relatives")[name], Device.Reference, DType.F64, known => true);
    }

    [Test]
    public void EveryNetworkOfTheZoo_HasKnownLogits()
    {
        var known = Networks().Keys.Concat(Read("relatives").Keys).Select(name => ModelZoo.Find(name).Card.Name).ToHashSet();

        var published = ModelZoo.All.Select(entry => entry.Card).Where(card => !card.Source.StartsWith("This repository", StringComparison.Ordinal));
        Assert.That(published.Select(card => card.Name).Where(name => !known.Contains(name)), Is.Empty, "tests/Data/relatives/make.py makes some");
    }

    /// <summary>The small input only: the double oracle takes its time.</summary>
    [TestCaseSource(nameof(Names))]
    public void Logits_InDoublePrecision_AreThePublishedOnes(string name)
    {
        Check(Networks()[name], Device.Reference, DType.F64, known => known.Input.ElementCount <= 3 * 64 * 64);
    }

    [TestCaseSource(nameof(Names))]
    [Category("Long")]
    public void Logits_InDoublePrecisionOnOddSizes_AreThePublishedOnes(string name)
    {
        Check(Networks()[name], Device.Reference, DType.F64, known => known.Input.ElementCount > 3 * 64 * 64);
    }

    private static void Check(GoldenNetwork network, Device device, DType dtype, Func<GoldenCase, bool> wanted)
    {
        string name = network.Name;
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

    private static Dictionary<string, GoldenNetwork> Networks() => Read("golden");

    private static Dictionary<string, GoldenNetwork> Read(string folder)
    {
        using var stream = File.OpenRead(TestData.File(folder, "forward.json"));
        return GoldenForward.Read(stream, "forward.json").ToDictionary(network => network.Name);
    }
}
