using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>A file that a test makes in the temporary folder; gone when disposed.</summary>
internal sealed class PthFile : IDisposable
{
    public PthFile(string extension = ".pth") => FilePath = Path.Combine(Path.GetTempPath(), $"resnest-{Guid.NewGuid():n}{extension}");

    public PthFile(byte[] bytes, string extension = ".pth")
        : this(extension) => File.WriteAllBytes(FilePath, bytes);

    public string FilePath { get; }

    /// <summary>What opening such a file and reading all of it is refused with.</summary>
    public static DataFileException Refusal(byte[] bytes, string extension = ".pth")
    {
        using var file = new PthFile(bytes, extension);
        var refusal = Assert.Throws<DataFileException>(() => ReadAll(file.FilePath))!;
        HostileCorpus.CheckMessage(refusal, file.FilePath);
        return refusal;
    }

    /// <summary>Every tensor of a file, by name.</summary>
    public static Dictionary<string, (WeightEntry Entry, byte[] Bytes)> ReadAll(string path)
    {
        using var file = WeightFile.Open(path);
        return file.Entries.ToDictionary(entry => entry.Name, entry => (entry, file.Read(entry).ToArray()));
    }

    public void Dispose() => File.Delete(FilePath);
}
