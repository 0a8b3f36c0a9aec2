using BenchmarkDotNet.Attributes;
using ResNeSt.Conformance;
using ResNeSt.Imaging;

namespace ResNeSt.Benchmarks;

/// <summary>Decoding of the corpus photograph and of any pictures in the folder that RESNEST_BENCH_PICTURES names.</summary>
[MemoryDiagnoser]
public class PictureBenchmarks
{
    private byte[] file = [];

    /// <summary>The picture.</summary>
    [ParamsSource(nameof(Files))]
    public string Name { get; set; } = "";

    /// <summary>Two corpus files, then those of the folder.</summary>
    public static IEnumerable<string> Files()
    {
        string[] corpus = [TestData.File("images", "cat.jpg"), TestData.File("images", "cat.png")];
        string? folder = Environment.GetEnvironmentVariable("RESNEST_BENCH_PICTURES");
        return string.IsNullOrEmpty(folder) ? corpus : corpus.Concat(Directory.GetFiles(folder).Order(StringComparer.Ordinal));
    }

    /// <summary>Reads the file into memory.</summary>
    [GlobalSetup]
    public void Setup()
    {
        file = File.ReadAllBytes(Name);
        var info = PictureReader.Identify(file);
        Console.WriteLine($"// {info.Width * (double)info.Height / 1e6:F2} megapixels: divide by the time for megapixels a second");
    }

    /// <summary>Header only.</summary>
    [Benchmark]
    public int Identify() => PictureReader.Identify(file).Width;

    /// <summary>To RGB.</summary>
    [Benchmark]
    public int Decode() => PictureReader.Read(file).Width;
}
