namespace ResNeSt.Imaging.Tests;

public sealed class EvaluationTransformTests
{
    [TestCase("official", 224, EvaluationCrop.CentreThenResize, 0, ResizeFilter.Bicubic)]
    [TestCase("gluon", 224, EvaluationCrop.ResizeThenCentre, 256, ResizeFilter.Bilinear)]
    [TestCase("gluon", 256, EvaluationCrop.ResizeThenCentre, 293, ResizeFilter.Bilinear)]
    [TestCase("gluon", 320, EvaluationCrop.CentreThenResize, 0, ResizeFilter.Bicubic)]
    [TestCase("timm", 224, EvaluationCrop.ResizeThenCentre, 256, ResizeFilter.Bilinear)]
    [TestCase("timm", 256, EvaluationCrop.ResizeThenCentre, 292, ResizeFilter.Bilinear)]
    [TestCase("torchvision", 224, EvaluationCrop.ResizeThenCentre, 256, ResizeFilter.Bilinear)]
    [TestCase("torchvision-v2", 224, EvaluationCrop.ResizeThenCentre, 232, ResizeFilter.Bilinear)]
    public void ByName_EachRule_HasItsSettings(string name, int size, EvaluationCrop crop, int shortSide, ResizeFilter filter)
    {
        var rule = EvaluationTransform.ByName(name, size);

        Assert.That((rule.Name, rule.CropSize, rule.Crop, rule.ShortSide, rule.Filter), Is.EqualTo((name, size, crop, shortSide, filter)));
        Assert.That(EvaluationTransform.Names, Does.Contain(name));
    }

    [TestCase(320, 0.909, 352)]
    [TestCase(416, 0.928, 448)]
    public void Timm_CropRatio_IsFloored(int size, double ratio, int shortSide) =>
        Assert.That(EvaluationTransform.Timm(size, ratio).ShortSide, Is.EqualTo(shortSide));

    [Test]
    public void ByName_UnknownOrUnfitting_SaysWhatThereIs()
    {
        Assert.That(() => EvaluationTransform.ByName("imagenet"), Throws.ArgumentException.With.Message.Contains("official, gluon, timm"));
        Assert.That(() => EvaluationTransform.ByName("official", 224, 0.9), Throws.ArgumentException.With.Message.Contains("fixed ratio"));
        Assert.That(() => EvaluationTransform.ByName("timm", 224, 1.5), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => EvaluationTransform.Timm(224, double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => EvaluationTransform.Official(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => EvaluationTransform.Torchvision(224, 200), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Apply_TinyAndNarrowPictures_StillGiveTheSize(
        [ValueSource(nameof(EvaluationTransformNames))] string name, [Values(1, 2, 300)] int width, [Values(1, 3, 40)] int height)
    {
        var picture = new Picture(width, height);
        picture.Pixels.Fill(255);

        float[] result = EvaluationTransform.ByName(name, 32).Apply(picture);

        Assert.That(result, Has.Length.EqualTo(3 * 32 * 32));
        Assert.That(result.Take(1024), Is.All.EqualTo((1f - 0.485f) / 0.229f));
    }

    [Test]
    public void Apply_OwnMeanAndSpan_AreUsed()
    {
        var rule = EvaluationTransform.Official(2) with { Mean = new(0.5f, 0.5f, 0.5f), Deviation = new(0.5f, 0.25f, 1f) };
        float[] planes = new float[12];

        rule.Apply(new Picture(8, 8), planes);

        Assert.That(planes, Is.EqualTo(new float[] { -1, -1, -1, -1, -2, -2, -2, -2, -0.5f, -0.5f, -0.5f, -0.5f }));
        Assert.That(() => rule.Apply(new Picture(8, 8), planes.AsSpan(1).ToArray()), Throws.ArgumentException);
    }

    private static IReadOnlyList<string> EvaluationTransformNames => EvaluationTransform.Names;
}
