using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using ResNeSt.Weights;
using ResNeSt.Weights.Tests;

namespace ResNeSt.Benchmarks;

/// <summary>Reading and converting weights of the size of ResNeSt-50's: 110 MB in 55 tensors, from files in the page cache.</summary>
[MemoryDiagnoser]
[Config(typeof(Columns))]
public class WeightsBenchmarks
{
    private const int Tensors = 55;
    private const int TensorBytes = 2 << 20;

    private readonly byte[] _buffer = new byte[TensorBytes];
    private DirectoryInfo _folder = null!;

    private string Safetensors => Path.Combine(_folder.FullName, "in.safetensors");

    private string Zip => Path.Combine(_folder.FullName, "zip.pth");

    private string Legacy => Path.Combine(_folder.FullName, "legacy.pth");

    private string Converted => Path.Combine(_folder.FullName, "out.safetensors");

    /// <summary>Writes the files.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("weights-benchmarks-");
        var bytes = new byte[TensorBytes];
        new System.Random(1).NextBytes(bytes);
        PthTensor[] tensors = [.. Enumerable.Range(0, Tensors).Select(i => PthTensor.Whole($"layer1.{i}.conv1.weight", $"{i}", WeightDType.F32, bytes, 512, 1024))];
        using (var zip = File.Create(Zip))
            PthWriter.WriteZip(zip, new PthPickle().StateDictionary(tensors, isLegacy: false).Stop(), PthWriter.Storages(tensors));
        using (var legacy = File.Create(Legacy))
        {
            var pickle = new PthPickle().StateDictionary(tensors, isLegacy: true);
            PthWriter.WriteLegacy(legacy, pickle.Stop(), pickle.Boundaries, PthWriter.Storages(tensors));
        }

        SafetensorsWriter.Write(Safetensors, tensors.Select(tensor => WeightSource.FromBytes(tensor.Name, WeightDType.F32, tensor.Sizes, bytes)));
    }

    /// <summary>Deletes the files.</summary>
    [GlobalCleanup]
    public void Cleanup() => _folder.Delete(recursive: true);

    /// <summary>safetensors, mapped: open, then touch every page through the views.</summary>
    [Benchmark]
    public long SafetensorsMapped()
    {
        using var file = WeightFile.Open(Safetensors);
        long sum = 0;
        foreach (var entry in file.Entries)
        {
            var bytes = file.Read(entry);
            for (int i = 0; i < bytes.Length; i += 4096)
                sum += bytes[i];
        }

        return sum;
    }

    /// <summary>safetensors, copied into one buffer.</summary>
    [Benchmark]
    public void SafetensorsCopied() => CopyAll(Safetensors);

    /// <summary>.pth, zip container: every CRC is checked.</summary>
    [Benchmark]
    public void PthZip() => CopyAll(Zip);

    /// <summary>.pth, legacy stream.</summary>
    [Benchmark]
    public void PthLegacy() => CopyAll(Legacy);

    /// <summary>.pth to safetensors.</summary>
    [Benchmark]
    public void Convert() => ConvertAll(null);

    /// <summary>.pth to safetensors with bfloat16 values.</summary>
    [Benchmark]
    public void ConvertToBFloat16() => ConvertAll(WeightDType.BF16);

    /// <summary>.pth to safetensors with 16-bit values.</summary>
    [Benchmark]
    public void ConvertToHalf() => ConvertAll(WeightDType.F16);

    private void CopyAll(string path)
    {
        using var file = WeightFile.Open(path);
        foreach (var entry in file.Entries)
            file.CopyTo(entry, _buffer);
    }

    private void ConvertAll(WeightDType? dtype)
    {
        using var file = WeightFile.Open(Zip);
        SafetensorsWriter.Write(Converted, file.Entries.Select(entry => WeightSource.FromFile(file, entry, dtype: dtype)), options: new SafetensorsWriteOptions { Overwrite = true });
    }

    private sealed class Columns : ManualConfig
    {
        public Columns() => AddColumn(new MegabytesPerSecondColumn(Tensors * (double)TensorBytes));
    }
}
