using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

internal sealed class WeightMatchReportTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = new TemporaryFolder();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void Report_GluonFile_MatchesAllWithoutCounters()
    {
        var expected = KeyInventory.Read("timm_resnest14d");
        var names = expected.Where(pair => !pair.Key.EndsWith(".num_batches_tracked", StringComparison.Ordinal)).ToArray();
        var gluon = NameMap.Find("gluon")!.FromOfficial([.. expected.Keys]);
        var foreign = expected.Keys.Zip(gluon).ToDictionary(pair => pair.First, pair => pair.Second);
        using var file = Open(names.Select(pair => KeyValuePair.Create(foreign[pair.Key], pair.Value)));
        var report = WeightMatchReport.Create(file, expected);
        Assert.That(report.IsComplete);
        Assert.That(report.Mapping.Map.Name, Is.EqualTo("gluon"));
        Assert.That(report.Matched.Keys, Is.EquivalentTo(names.Select(pair => pair.Key)));
        Assert.That(report.Matched["layer1.0.conv2.bn0.weight"].Name, Is.EqualTo("layer1.0.conv2.bn.gamma"));
        Assert.That(report.Missing, Is.Empty);
        Assert.That(report.ThrowIfIncomplete("resnest14"), Is.SameAs(report));
    }

    [Test]
    public void Report_OtherClassesMissingAndExtra_NamesEach()
    {
        var expected = KeyInventory.Read("timm_resnest14d");
        var there = new Dictionary<string, Shape>(expected) { ["fc.weight"] = [10, 2048], ["fc.bias"] = [10], ["aux\u001b.weight"] = [1] };
        there.Remove("layer2.0.conv3.weight");
        using var file = Open(there.Select(pair => KeyValuePair.Create("module." + pair.Key, pair.Value)));
        var report = WeightMatchReport.Create(file, expected);
        Assert.That(report.IsComplete, Is.False);
        Assert.That(report.Missing, Is.EqualTo((string[])["layer2.0.conv3.weight"]));
        Assert.That(report.Unexpected, Is.EqualTo((string[])["module.aux\u001b.weight"]));
        Assert.That(report.WrongShape.Select(mismatch => (mismatch.Name, mismatch.FileName, mismatch.Expected, mismatch.Found)), Is.EquivalentTo(
            ((string, string, Shape, string)[])[("fc.weight", "module.fc.weight", [1000, 2048], "[10,2048]"), ("fc.bias", "module.fc.bias", [1000], "[10]")]));
        Assert.That(report.Matched, Has.Count.EqualTo(expected.Count - 3));
        var refusal = Assert.Throws<DataFileException>(() => report.ThrowIfIncomplete("resnest14"))!;
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.ModelMismatch));
        Assert.That(refusal.Message, Does.Contain("resnest14").And.Contain("layer2.0.conv3.weight").And.Contain("should be [1000").And.Contain("aux\\u001b"));
    }

    [Test]
    public void Report_NamedMap_IsUsed()
    {
        var expected = KeyInventory.Read("timm_resnest14d");
        using var file = Open(expected);
        Assert.That(WeightMatchReport.Create(file, expected, NameMap.Find("detectron2")).Mapping.Map.Name, Is.EqualTo("detectron2"));
    }

    private WeightFile Open(IEnumerable<KeyValuePair<string, Shape>> shapes)
    {
        SafetensorsWriter.Write(_folder.File("w.safetensors"), KeyInventory.Zeros(shapes));
        return WeightFile.Open(_folder.File("w.safetensors"));
    }
}
