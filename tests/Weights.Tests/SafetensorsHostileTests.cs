using System.Text.Json;

namespace ResNeSt.Weights.Tests;

internal sealed class SafetensorsHostileTests
{
    private static IEnumerable<TestCaseData> Files => HostileCorpus.Files("safetensors");

    [TestCaseSource(nameof(Files))]
    public void Safetensors_CorpusFile_MeetsVerdict(JsonElement file) => HostileCorpus.Check(file, SafetensorsFile.Open);

    [TestCaseSource(nameof(Files))]
    public void WeightFile_CorpusFile_MeetsVerdict(JsonElement file) => HostileCorpus.Check(file, WeightFile.Open);

    [Test]
    public void Corpus_Safetensors_IsNotEmpty() => Assert.That(Files.Count(), Is.GreaterThan(80));
}
