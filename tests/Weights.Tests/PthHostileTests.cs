using System.Text.Json;

namespace ResNeSt.Weights.Tests;

internal sealed class PthHostileTests
{
    private static IEnumerable<TestCaseData> Files => HostileCorpus.Files("pth");

    [TestCaseSource(nameof(Files))]
    public void TorchArchive_CorpusFile_MeetsVerdict(JsonElement file) => HostileCorpus.Check(file, TorchArchive.Open);

    [TestCaseSource(nameof(Files))]
    public void WeightFile_CorpusFile_MeetsVerdict(JsonElement file) => HostileCorpus.Check(file, WeightFile.Open);

    [Test]
    public void Corpus_Pth_IsNotEmpty() => Assert.That(Files.Count(), Is.GreaterThan(100));
}
