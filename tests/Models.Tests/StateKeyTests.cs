using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>State keys, shapes, types and order against inventories of the published networks.</summary>
public sealed class StateKeyTests
{
    private static IEnumerable<string> Inventories() =>
        Directory.EnumerateFiles(TestData.Folder("keys"), "*.tsv").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Inventories))]
    public void State_OfEveryNetwork_IsThePublishedOneInOrder(string name)
    {
        using var model = ModelZoo.Find(name).Create();
        var actual = model.NamedState().Select(entry =>
            $"{entry.Name}\t{(entry.State.Shape.Rank == 0 ? "scalar" : string.Join('x', entry.State.Shape))}\t{(entry.State.Value.DType == DType.I64 ? "int64" : "float32")}");

        Assert.That(actual, Is.EqualTo(File.ReadAllLines(TestData.File("keys", $"{name}.tsv"))));
    }

    [Test]
    public void Cards_OfEveryNetwork_AgreeWithTheNetwork()
    {
        foreach (var entry in ModelZoo.All.Where(entry => entry.Name == entry.Card.Name))
        {
            using var model = entry.Create();
            Assert.That(model.ParameterCount(), Is.EqualTo(entry.Card.Parameters), entry.Name);
            double macs = ModelSummary.Create(entry, entry.Card.Macs.Size).Macs;
            Assert.That(macs / entry.Card.Macs.Count, Is.EqualTo(1).Within(5e-4), $"MACs of {entry.Name}");
        }
    }
}
