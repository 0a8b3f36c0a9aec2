using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>CIFAR-10 in its binary form: records of a label byte and 3072 bytes, red, green and blue planes of 32×32.</summary>
public static class Cifar10
{
    private const int Side = 32, RecordBytes = 1 + 3 * Side * Side;

    /// <summary>The names of the classes.</summary>
    public static IReadOnlyList<string> Classes { get; } = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Whether a folder looks like CIFAR-10.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, "test_batch.bin")) || File.Exists(Path.Combine(folder, "data_batch_1.bin"));

    /// <summary>Reads data_batch_1.bin to data_batch_5.bin, or test_batch.bin.</summary>
    /// <exception cref="DataFileException">A file is missing, cut, or holds a label that is no class.</exception>
    public static PictureDataset Open(string folder, bool training)
    {
        string[] files = training ? [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")] : ["test_batch.bin"];
        var parts = files.Select(file => DataFiles.ReadAll(Path.Combine(folder, file))).ToList();
        for (int i = 0; i < files.Length; i++)
        {
            if (parts[i].Length == 0 || parts[i].Length % RecordBytes != 0)
                throw new DataFileException(DataFileErrorKind.SizeMismatch, $"{parts[i].Length} bytes are no whole number of CIFAR-10 records of {RecordBytes}; fetch the file again", Path.Combine(folder, files[i]));
        }

        int count = parts.Sum(part => part.Length / RecordBytes);
        var labels = new byte[count];
        var planes = new byte[count * (RecordBytes - 1)];
        int at = 0;
        for (int i = 0; i < files.Length; i++)
        {
            for (int offset = 0; offset < parts[i].Length; offset += RecordBytes, at++)
            {
                labels[at] = parts[i][offset];
                if (labels[at] >= Classes.Count)
                    throw new DataFileException(DataFileErrorKind.BadHeader, $"label {labels[at]} is none of the {Classes.Count} classes; is this CIFAR-10's binary version?", Path.Combine(folder, files[i]), offset: offset);
                parts[i].AsSpan(offset + 1, RecordBytes - 1).CopyTo(planes.AsSpan(at * (RecordBytes - 1)));
            }
        }

        return new MemoryDataset(training ? "CIFAR-10 training picture" : "CIFAR-10 test picture", planes, labels, 3, Side, Side, [.. Classes]);
    }
}
