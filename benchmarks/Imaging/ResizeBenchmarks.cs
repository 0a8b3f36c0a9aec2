using BenchmarkDotNet.Attributes;
using ResNeSt.Conformance;
using ResNeSt.Imaging;

namespace ResNeSt.Benchmarks;

/// <summary>From a photograph of twelve megapixels to a network's input.</summary>
public class ResizeBenchmarks
{
    private const double Megapixels = 4000 * 3000 / 1e6;
    private Picture photo = new(1, 1);

    /// <summary>The filter.</summary>
    [Params(ResizeFilter.Bilinear, ResizeFilter.Bicubic)]
    public ResizeFilter Filter { get; set; }

    /// <summary>Enlarges the corpus photograph.</summary>
    [GlobalSetup]
    public void Setup()
    {
        photo = PictureReader.Read(TestData.File("images", "cat.png")).Resize(4000, 3000, ResizeFilter.Bicubic);
        Console.WriteLine($"// {Megapixels} megapixels: divide by the time for megapixels a second");
    }

    /// <summary>Short side to 256.</summary>
    [Benchmark]
    public int Resize() => photo.Resize(341, 256, Filter).Width;

    /// <summary>The whole evaluation rule of the official script.</summary>
    [Benchmark]
    public float Official() => EvaluationTransform.Official(224, Filter).Apply(photo)[0];
}
