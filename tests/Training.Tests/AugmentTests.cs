using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Imaging;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>Augmentation against Pillow, byte for byte, and its choices.</summary>
public sealed class AugmentTests
{
    private static JsonElement Known => JsonDocument.Parse(File.ReadAllText(Path.Combine(TestData.RepositoryRoot, "tests", "Training.Tests", "Golden", "augment.json"))).RootElement;

    private static IEnumerable<string> Names() => Known.GetProperty("cases").EnumerateObject().Select(entry => entry.Name);

    [TestCaseSource(nameof(Names))]
    public void Operation_OnASmallPicture_EqualsPillow(string name)
    {
        string[] parts = name.Split(": ")[1].Split(' ');
        var picture = Picture(soft: name.StartsWith("soft", StringComparison.Ordinal));
        double value = parts.Length > 1 ? double.Parse(parts[^1], CultureInfo.InvariantCulture) : 0;
        bool nearest = parts.Contains("nearest"), bicubic = parts.Contains("bicubic");
        var result = parts[0] switch
        {
            "invert" => Photometric.Invert(picture),
            "solarize" => Photometric.Solarize(picture, value),
            "posterize" => Photometric.Posterize(picture, (int)value),
            "solarizeadd" => Photometric.SolarizeAdd(picture, (int)value),
            "autocontrast" => Photometric.AutoContrast(picture),
            "equalize" => Photometric.Equalize(picture),
            "color" => Photometric.Saturation(picture, value),
            "contrast" => Photometric.Contrast(picture, value),
            "brightness" => Photometric.Brightness(picture, value),
            "sharpness" => Photometric.Sharpness(picture, value),
            "rotate" => AffineWarp.Rotate(picture, value, bicubic),
            "shearx" => AffineWarp.ShearX(picture, value, !nearest),
            "sheary" => AffineWarp.ShearY(picture, value, !nearest),
            "translatex" => AffineWarp.Translate(picture, value, 0, !nearest),
            "translatey" => AffineWarp.Translate(picture, 0, value, !nearest),
            "flip" => HorizontalFlip.Mirror(picture),
            _ => throw new InvalidOperationException($"case '{name}' is not known here"),
        };
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(result.Pixels)), Is.EqualTo(Known.GetProperty("cases").GetProperty(name).GetString()));
    }

    [Test]
    public void Augmentations_WithEqualGenerators_GiveEqualPictures()
    {
        foreach (var augmentation in Everything())
        {
            for (ulong seed = 0; seed < 60; seed++)
            {
                var picture = Picture(soft: false);
                byte[] before = picture.Pixels.ToArray();
                var first = augmentation.Apply(picture, new Generator(seed));
                Assert.That(picture.Pixels.ToArray(), Is.EqualTo(before), $"{augmentation.GetType().Name} changes its input");
                Assert.That(augmentation.Apply(picture, new Generator(seed)).Pixels.ToArray(), Is.EqualTo(first.Pixels.ToArray()), augmentation.GetType().Name);
            }
        }
    }

    [TestCase(500, 20)]
    [TestCase(20, 500)]
    [TestCase(1, 1)]
    [TestCase(33, 47)]
    public void Crops_OfAnyPicture_HaveTheirSize(int width, int height)
    {
        foreach (var crop in (PictureAugmentation[])[new RandomResizedCrop(24), new ERandomCrop(24), new RandomResizedCrop(24, filter: ResizeFilter.Bicubic)])
        {
            for (ulong seed = 0; seed < 50; seed++)
            {
                var result = crop.Apply(new Picture(width, height), new Generator(seed));
                Assert.That((result.Width, result.Height), Is.EqualTo((24, 24)));
            }
        }
    }

    [Test]
    public void PadCrop_OverManySeeds_ReachesEveryShiftAndKeepsThePixels()
    {
        var picture = new Picture(8, 8);
        for (int i = 0; i < 64; i++)
            picture.Pixels[3 * i] = (byte)(i + 1);
        var seen = new HashSet<(int, int)>();
        for (ulong seed = 0; seed < 400; seed++)
        {
            var result = new PadCrop(2).Apply(picture, new Generator(seed));
            // The pixel that came from (3, 3) tells the shift; two pixels of padding never push it out.
            int at = Enumerable.Range(0, 64).Single(i => result.Pixels[3 * i] == 28);
            seen.Add((at % 8 - 3, at / 8 - 3));
            int middle = at - 9;
            Assert.That(result.Pixels[3 * middle], Is.EqualTo(19), "its neighbour moved with it");
        }

        Assert.That(seen, Has.Count.EqualTo(25));
    }

    [Test]
    public void AutoAugment_HasTheTwentyFivePairs() => Assert.That(AutoAugment.PolicyCount, Is.EqualTo(25));

    [Test]
    public void Lighting_OverManyDraws_HasTheColoursOfItsComponents()
    {
        var lighting = new PcaLighting(0.1);
        var generator = new Generator(5);
        double red = 0, product = 0;
        const int Draws = 20000;
        for (int i = 0; i < Draws; i++)
        {
            var shift = lighting.Draw(generator);
            red += shift.Red * shift.Red;
            product += shift.Red * shift.Green;
        }

        // Variances of the sum over the components, by hand.
        double expected = 0.01 * (Math.Pow(0.5675 * 0.2175, 2) + Math.Pow(0.7192 * 0.0188, 2) + Math.Pow(0.4009 * 0.0045, 2));
        double expectedProduct = 0.01 * (0.5675 * 0.5808 * 0.2175 * 0.2175 - 0.7192 * 0.0045 * 0.0188 * 0.0188 - 0.4009 * 0.8140 * 0.0045 * 0.0045);
        Assert.That(red / Draws, Is.EqualTo(expected).Within(5).Percent);
        Assert.That(product / Draws, Is.EqualTo(expectedProduct).Within(5).Percent);
    }

    [Test]
    public void RandomErasing_Always_ClearsOneRectangleInEveryPlane()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            var planes = Enumerable.Repeat(1f, 3 * 20 * 24).ToArray();
            new RandomErasing(1).Apply(planes, 3, 20, 24, new Generator(seed));
            int[] cleared = [.. Enumerable.Range(0, 480).Where(i => planes[i] == 0)];
            Assert.That(cleared, Is.Not.Empty);
            int width = cleared.Max(i => i % 24) - cleared.Min(i => i % 24) + 1, height = cleared.Max(i => i / 24) - cleared.Min(i => i / 24) + 1;
            Assert.That(cleared, Has.Length.EqualTo(width * height));
            Assert.That(planes.Count(value => value == 0), Is.EqualTo(3 * cleared.Length));
        }
    }

    private static PictureAugmentation[] Everything() =>
        [new AutoAugment(), RandAugment.Port(), RandAugment.Timm(), new ColorJitter(), new HorizontalFlip(), new PadCrop(), new RandomResizedCrop(16), new ERandomCrop(16)];

    private static Picture Picture(bool soft)
    {
        var picture = new Picture(37, 29);
        for (int y = 0; y < 29; y++)
        {
            var row = picture.Row(y);
            for (int i = 0; i < row.Length; i++)
            {
                int x = i / 3, c = i % 3, v = (x * 7 + y * 13 + c * 29 + x * y % 11 * 5) % 256;
                row[i] = (byte)(soft ? 40 + v / 3 : v);
            }
        }

        return picture;
    }
}
