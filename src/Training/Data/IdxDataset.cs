using System.Buffers.Binary;
using System.Globalization;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>MNIST and its kin in IDX files, packed by gzip or not: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-….</summary>
public static class IdxDataset
{
    private const uint ImagesMagic = 0x803, LabelsMagic = 0x801;

    private static readonly string[] FashionClasses = ["T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

    /// <summary>Whether a folder holds IDX files of the usual names.</summary>
    public static bool IsIn(string folder) => Find(folder, "train-images-idx3-ubyte") is not null || Find(folder, "t10k-images-idx3-ubyte") is not null;

    /// <summary>Reads pictures and labels.</summary>
    /// <param name="folder">Where they lie.</param>
    /// <param name="training">The training set, else the test set.</param>
    /// <param name="classes">Names of the classes; null for Fashion-MNIST's where the path says so, else numbers.</param>
    /// <exception cref="DataFileException">A file is missing or damaged, or labels and pictures do not fit each other.</exception>
    public static PictureDataset Open(string folder, bool training, IReadOnlyList<string>? classes = null)
    {
        string prefix = training ? "train" : "t10k";
        string imagesPath = Require(folder, $"{prefix}-images-idx3-ubyte"), labelsPath = Require(folder, $"{prefix}-labels-idx1-ubyte");
        var (extents, planes) = Parse(imagesPath, ImagesMagic, 3);
        var (labelExtents, labels) = Parse(labelsPath, LabelsMagic, 1);
        if (labelExtents[0] != extents[0])
            throw new DataFileException(DataFileErrorKind.SizeMismatch, $"has {labelExtents[0]} labels for the {extents[0]} pictures of {Path.GetFileName(imagesPath)}; are both of one set?", labelsPath);
        bool fashion = Path.GetFullPath(folder).Contains("fashion", StringComparison.OrdinalIgnoreCase);
        string[] names = classes is not null ? [.. classes] : fashion ? FashionClasses : [.. Enumerable.Range(0, 10).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        int wrong = Array.FindIndex(labels, label => label >= names.Length);
        if (wrong >= 0)
            throw new DataFileException(DataFileErrorKind.BadHeader, $"label {labels[wrong]} of picture {wrong} is none of the {names.Length} classes", labelsPath, offset: 8 + wrong);
        string set = fashion ? "Fashion-MNIST" : "IDX";
        return new MemoryDataset($"{set} {(training ? "training" : "test")} picture", planes, labels, 1, extents[1], extents[2], names);
    }

    private static string Require(string folder, string name) => Find(folder, name)
        ?? throw new DataFileException(DataFileErrorKind.Unreadable, $"holds neither {name} nor {name}.gz: is the path right?", folder);

    private static string? Find(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? path : File.Exists(path + ".gz") ? path + ".gz" : null;
    }

    private static (int[] Extents, byte[] Values) Parse(string path, uint magic, int rank)
    {
        byte[] bytes = DataFiles.ReadAll(path);
        int header = 4 + 4 * rank;
        if (bytes.Length < header)
            throw new DataFileException(DataFileErrorKind.Truncated, $"{bytes.Length} bytes are less than an IDX header of {header}", path);
        uint found = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (found != magic)
            throw new DataFileException(DataFileErrorKind.NotThisFormat, $"begins with 0x{found:x8}, an IDX file of {(rank == 3 ? "pictures" : "labels")} with 0x{magic:x8}", path, offset: 0);
        var extents = new int[rank];
        Int128 count = 1;
        for (int i = 0; i < rank; i++)
        {
            extents[i] = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 + 4 * i));
            if (extents[i] < 1)
                throw new DataFileException(DataFileErrorKind.BadHeader, $"extent {i} is {extents[i]}", path, offset: 4 + 4 * i);
            count *= extents[i];
        }

        if (count != bytes.Length - header)
            throw new DataFileException(DataFileErrorKind.SizeMismatch, $"[{string.Join(", ", extents)}] needs {count} bytes, there are {bytes.Length - header}; fetch the file again", path);
        return (extents, bytes[header..]);
    }
}
