using System.Globalization;
using ResNeSt.Models;
using ResNeSt.Tensors;

namespace ResNeSt.Cli;

/// <summary>The names of the classes.</summary>
internal static class Labels
{
    private const int MostBytes = 16 << 20;

    /// <summary>From a text file if one is given, else ImageNet's for 1000 classes, else numbers.</summary>
    public static IReadOnlyList<string> Read(string? path, int classes)
    {
        if (path is null)
        {
            return classes == ImageNetClasses.Names.Count
                ? ImageNetClasses.Names
                : [.. Enumerable.Range(0, classes).Select(index => string.Create(CultureInfo.InvariantCulture, $"class {index}"))];
        }

        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MostBytes })
                throw new DataFileException(DataFileErrorKind.TooLarge, "is too large for a list of class names", path);
            var lines = File.ReadAllLines(path).Select(DataFileException.Escape).ToList();
            while (lines.Count > 0 && lines[^1].Length == 0)
                lines.RemoveAt(lines.Count - 1);
            return lines.Count == classes
                ? lines
                : throw new DataFileException(DataFileErrorKind.ModelMismatch, $"has {lines.Count} names for {classes} classes; give --classes {lines.Count} or another file", path);
        }
        catch (Exception error) when (error is IOException and not DataFileException or UnauthorizedAccessException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, "cannot be read: is the path right?", path, inner: error);
        }
    }
}
