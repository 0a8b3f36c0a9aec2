namespace ResNeSt.Imaging.Tests;

public sealed class PictureTests
{
    [TestCase(PixelLayout.Rgb, new byte[] { 1, 2, 3, 4, 5, 6 })]
    [TestCase(PixelLayout.Bgr, new byte[] { 3, 2, 1, 6, 5, 4 })]
    [TestCase(PixelLayout.Rgba, new byte[] { 1, 2, 3, 99, 4, 5, 6, 0 })]
    [TestCase(PixelLayout.Bgra, new byte[] { 3, 2, 1, 99, 6, 5, 4, 0 })]
    public void FromPixels_AnyLayout_GivesRgb(PixelLayout layout, byte[] row) =>
        Assert.That(Picture.FromPixels(row, 2, 1, layout: layout).Pixels.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));

    [Test]
    public void FromPixels_Grey_IsRepeated([Values(1, 15, 16, 17, 50)] int width)
    {
        byte[] grey = Enumerable.Range(0, width).Select(i => (byte)(7 * i)).ToArray();
        byte[] expected = grey.SelectMany(v => new[] { v, v, v }).ToArray();
        Assert.That(Picture.FromPixels(grey, width, 1, layout: PixelLayout.Grey).Pixels.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void FromPixels_Stride_SkipsTheGapAndNeedsNoneBehindTheLastRow()
    {
        byte[] source = [1, 2, 3, 0, 0, 4, 5, 6];
        Assert.That(Picture.FromPixels(source, 1, 2, stride: 5).Pixels.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(() => Picture.FromPixels(source, 1, 2, stride: 6), Throws.ArgumentException.With.Message.Contains("need 9 bytes"));
        Assert.That(() => Picture.FromPixels(source, 2, 1, stride: 5), Throws.ArgumentException.With.Message.Contains("stride"));
        Assert.That(() => Picture.FromPixels(source, 0, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Picture(70_000, 70_000), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Crop_InsideAndOutside()
    {
        var picture = Numbered(4, 3);
        Assert.That(picture.Crop(1, 2, 2, 1).Pixels.ToArray(), Is.EqualTo(new byte[] { 9, 9, 9, 10, 10, 10 }));
        Assert.That(picture.Crop(0, 0, 4, 3).Pixels.ToArray(), Is.EqualTo(picture.Pixels.ToArray()));
        Assert.That(() => picture.Crop(3, 0, 2, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => picture.Crop(int.MaxValue, 0, 2, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => picture.Crop(0, 0, 0, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    // Rows of the upright picture for the stored rows "0 1 2" and "3 4 5"; EXIF 2.32, tag Orientation.
    [TestCase(1, 3, "012345")]
    [TestCase(2, 3, "210543")]
    [TestCase(3, 3, "543210")]
    [TestCase(4, 3, "345012")]
    [TestCase(5, 2, "031425")]
    [TestCase(6, 2, "304152")]
    [TestCase(7, 2, "524130")]
    [TestCase(8, 2, "251403")]
    [TestCase(9, 3, "012345")]
    public void Upright_EachOrientation_MovesPixels(int orientation, int width, string expected)
    {
        var result = Numbered(3, 2).Upright(orientation);

        Assert.That(result.Width, Is.EqualTo(width));
        string digits = "";
        for (int i = 0; i < 6; i++)
            digits += result.Pixels[3 * i];
        Assert.That(digits, Is.EqualTo(expected));
    }

    [TestCase(float.NaN, 0, 2, 2)]
    [TestCase(0, 0, 5, 2)]
    [TestCase(-0.5f, 0, 2, 2)]
    [TestCase(1, 1, 1, 2)]
    public void Resize_BoxOutside_Throws(float left, float top, float right, float bottom) =>
        Assert.That(() => Numbered(4, 3).Resize(2, 2, ResizeFilter.Box, new ResizeBox(left, top, right, bottom)),
            Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void Resize_SameSize_IsACopy()
    {
        var picture = Numbered(4, 3);
        var copy = picture.Resize(4, 3, ResizeFilter.Bicubic);
        copy.Row(1)[0] = 77;
        Assert.That(picture.Row(1)[0], Is.EqualTo(4));
    }

    private static Picture Numbered(int width, int height) => Picture.FromPixels(
        Enumerable.Range(0, width * height).Select(i => (byte)i).ToArray(), width, height, layout: PixelLayout.Grey);
}
