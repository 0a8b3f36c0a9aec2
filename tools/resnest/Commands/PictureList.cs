using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary>Turns the picture arguments into files: a folder means the pictures right in it, by name.</summary>
internal static class PictureList
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm"];

    public static IReadOnlyList<string> Expand(IEnumerable<string> arguments)
    {
        var pictures = new List<string>();
        foreach (string argument in arguments)
        {
            // The parser takes an unknown flag for one more picture.
            if (argument.Length > 1 && argument[0] == '-')
                throw new UsageException($"there is no flag '{DataFileException.Escape(argument)}'; a file of that name is given as ./{DataFileException.Escape(argument)}");
            if (argument == "-" || !Directory.Exists(argument))
            {
                pictures.Add(argument);
                continue;
            }

            var found = Directory.EnumerateFiles(argument)
                .Where(file => Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()))
                .Order(StringComparer.Ordinal)
                .ToList();
            if (found.Count == 0)
                throw new DataFileException(DataFileErrorKind.Unreadable, $"the folder holds no picture ({string.Join(", ", Extensions)})", argument);
            pictures.AddRange(found);
        }

        return pictures;
    }
}
