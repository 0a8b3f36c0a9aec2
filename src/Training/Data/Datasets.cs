using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Opens data sets of any known kind.</summary>
public static class Datasets
{
    /// <summary>The kinds by name; auto finds out.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["auto", "imagefolder", "cifar10", "idx"];

    /// <summary>Opens a data set.</summary>
    /// <param name="folder">Where it lies. An image folder may hold train and val (or test) with the classes below.</param>
    /// <param name="training">The training pictures, else the test pictures.</param>
    /// <param name="format">One of <see cref="Formats"/>.</param>
    /// <exception cref="DataFileException">There is no such data.</exception>
    public static PictureDataset Open(string folder, bool training, string format = "auto")
    {
        if (!Directory.Exists(folder))
            throw new DataFileException(DataFileErrorKind.Unreadable, "is no folder: is the path right?", folder);
        return format switch
        {
            "cifar10" => Cifar10.Open(folder, training),
            "idx" => IdxDataset.Open(folder, training),
            "auto" when Cifar10.IsIn(folder) => Cifar10.Open(folder, training),
            "auto" when IdxDataset.IsIn(folder) => IdxDataset.Open(folder, training),
            "auto" or "imagefolder" => ImageFolder.Open(Part(folder, training)),
            _ => throw new ArgumentException($"no data format is called '{format}'; there are {string.Join(", ", Formats)}", nameof(format)),
        };
    }

    private static string Part(string folder, bool training)
    {
        foreach (string name in training ? (string[])["train"] : ["val", "test", "validation"])
        {
            if (Directory.Exists(Path.Combine(folder, name)))
                return Path.Combine(folder, name);
        }

        return folder;
    }
}
