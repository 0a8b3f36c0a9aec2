using ResNeSt.Imaging;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>A folder with one folder of pictures for each class: ImageNet's layout. Classes and pictures are sorted by name, byte by byte.</summary>
public sealed class ImageFolder : PictureDataset
{
    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase) { ".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm" };

    private readonly string _root;
    private readonly List<(string Path, int Label)> _pictures = [];
    private readonly string[] _classes;

    private ImageFolder(string root, string[] classes)
    {
        _root = root;
        _classes = classes;
    }

    /// <inheritdoc/>
    public override int Count => _pictures.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => _classes;

    /// <summary>Lists a folder; pictures are opened only when they are read.</summary>
    /// <exception cref="DataFileException">It is no folder of folders with pictures.</exception>
    public static ImageFolder Open(string root)
    {
        try
        {
            if (!Directory.Exists(root))
                throw new DataFileException(DataFileErrorKind.Unreadable, "is no folder: is the path right?", root);
            string[] classes = [.. Directory.GetDirectories(root).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];
            if (classes.Length == 0)
                throw new DataFileException(DataFileErrorKind.NotThisFormat, "has no folders: an image folder holds one folder of pictures for each class", root);
            var dataset = new ImageFolder(root, classes);
            for (int label = 0; label < classes.Length; label++)
            {
                int before = dataset.Count;
                var files = Directory.EnumerateFiles(Path.Combine(root, classes[label]), "*", SearchOption.AllDirectories)
                    .Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal);
                foreach (string file in files)
                    dataset._pictures.Add((file, label));
                if (dataset.Count == before)
                    throw new DataFileException(DataFileErrorKind.NotThisFormat, "the folder of this class holds no picture (jpg, png, bmp or ppm); add some or remove the folder", root, classes[label]);
            }

            return dataset;
        }
        catch (Exception error) when (error is IOException and not DataFileException or UnauthorizedAccessException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, "cannot be listed", root, inner: error);
        }
    }

    /// <inheritdoc/>
    public override string Name(int index) => Path.GetRelativePath(_root, _pictures[index].Path);

    /// <inheritdoc/>
    public override int Label(int index) => _pictures[index].Label;

    /// <inheritdoc/>
    public override Picture Read(int index) => PictureReader.Read(_pictures[index].Path);
}
