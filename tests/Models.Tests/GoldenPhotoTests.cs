using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ResNeSt.Conformance;
using ResNeSt.Imaging;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>The whole chain from a picture file to the logits of the published implementation, for every network and rule that is known.</summary>
public sealed partial class GoldenPhotoTests
{
    private static IEnumerable<TestCaseData> Cases() =>
        from network in TestData.Json("golden", "photo.json").EnumerateObject()
        from known in network.Value.GetProperty("cases").EnumerateArray().Index()
        select new TestCaseData(network.Name, known.Index).SetArgDisplayNames(network.Name, known.Item.GetProperty("preprocess").GetString()!.Split(' ')[0]);

    [TestCaseSource(nameof(Cases))]
    public void Logits_FromThePictureFile_AreThePublishedOnes(string name, int index)
    {
        DefaultBackends.Use();
        var network = TestData.Json("golden", "photo.json").GetProperty(name);
        var known = network.GetProperty("cases")[index];
        string file = network.GetProperty("picture").GetString()!.Split(' ')[0];
        var transform = Transform(known.GetProperty("preprocess").GetString()!);
        float[] pixels = transform.Apply(PictureReader.Read(TestData.File("images", file)));

        using var scope = new TensorScope();
        using var off = GradMode.Off();
        using var model = ModelZoo.Find(name).Create();
        model.MaterializeEmpty(Device.Cpu);
        GoldenWeights.Fill(model);
        model.Eval();
        double[] logits = model.Forward(Tensor.FromArray(pixels, [1, 3, transform.CropSize, transform.CropSize])).ToDoubles();

        double norm = known.GetProperty("l2").GetDouble();
        Assert.That(logits[..8], Is.EqualTo(Doubles(known.GetProperty("logits_first8"))).Within(1e-4));
        Assert.That(GoldenTolerance.Norm(logits), Is.EqualTo(norm).Within(1e-5 * norm));
        int[] best = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).Take(5)];
        Assert.That(best, Is.EqualTo(known.GetProperty("top5").EnumerateArray().Select(value => value.GetInt32())));
        Assert.That(best.Select(i => logits[i]), Is.EqualTo(Doubles(known.GetProperty("top5_logits"))).Within(1e-4));
    }

    /// <summary>Reads "official evaluation: ECenterCrop 224, bicubic (…)": the rule, the last size that is named, the filter.</summary>
    private static EvaluationTransform Transform(string description)
    {
        string rule = description.Split(' ')[0];
        string steps = description.Split('(')[0];
        int size = int.Parse(Numbers().Matches(steps)[^1].Value, CultureInfo.InvariantCulture);
        var filter = steps.Contains("bicubic", StringComparison.Ordinal) ? ResizeFilter.Bicubic : ResizeFilter.Bilinear;
        return EvaluationTransform.ByName(rule, size, filter: filter);
    }

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
