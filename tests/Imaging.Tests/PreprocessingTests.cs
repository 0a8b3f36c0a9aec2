using System.Runtime.InteropServices;
using ResNeSt.Conformance;

namespace ResNeSt.Imaging.Tests;

/// <summary>Resize and evaluation rules, byte for byte as Pillow and torchvision compute them.</summary>
public sealed class PreprocessingTests
{
    private static Picture Cat => PictureReader.Read(TestData.File("images", "cat.png"));

    [TestCase("resize_bilinear_256.bin", 384, 256, ResizeFilter.Bilinear)]
    [TestCase("resize_bicubic_256.bin", 384, 256, ResizeFilter.Bicubic)]
    [TestCase("resize_bilinear_up_500.bin", 751, 500, ResizeFilter.Bilinear)]
    public void Resize_WholePicture_EqualsPillow(string expected, int width, int height, ResizeFilter filter)
    {
        var result = Cat.Resize(width, height, filter);

        Assert.That(result.Pixels.ToArray(), Is.EqualTo(File.ReadAllBytes(TestData.File("images", expected))));
    }

    [Test]
    public void Resize_FractionalBox_EqualsPillow()
    {
        var result = Cat.Resize(97, 53, ResizeFilter.Bilinear, new ResizeBox(10.5f, 20.25f, 300.75f, 280.5f));

        Assert.That(result.Pixels.ToArray(), Is.EqualTo(File.ReadAllBytes(TestData.File("images", "resize_box_97x53.bin"))));
    }

    private static IEnumerable<TestCaseData> Rules()
    {
        yield return new TestCaseData("pre_resize256_crop224_bilinear.bin", EvaluationTransform.ByName("torchvision"));
        yield return new TestCaseData("pre_resize256_crop224_bilinear.bin", EvaluationTransform.ByName("timm"));
        yield return new TestCaseData("pre_resize256_crop224_bilinear.bin", EvaluationTransform.ByName("gluon"));
        yield return new TestCaseData("pre_resize256_crop224_bicubic.bin", EvaluationTransform.Timm(224, 0.875, ResizeFilter.Bicubic));
        yield return new TestCaseData("pre_ecentercrop224_bicubic.bin", EvaluationTransform.ByName("official"));
        yield return new TestCaseData("pre_ecentercrop224_bilinear.bin", EvaluationTransform.Official(224, ResizeFilter.Bilinear));
        yield return new TestCaseData("pre_ecentercrop416_bicubic.bin", EvaluationTransform.ByName("official", 416));
        yield return new TestCaseData("pre_ecentercrop416_bicubic.bin", EvaluationTransform.ByName("gluon", 416));
    }

    [TestCaseSource(nameof(Rules))]
    public void Apply_NamedRule_EqualsTorchvision(string expected, EvaluationTransform rule)
    {
        float[] result = rule.Apply(Cat);

        Assert.That(MemoryMarshal.AsBytes(result.AsSpan()).ToArray(), Is.EqualTo(File.ReadAllBytes(TestData.File("images", expected))));
    }
}
