using System.Globalization;
using ResNeSt.Models;

namespace ResNeSt.Cli;

/// <summary>The small trained network that comes with the command, for machines without ImageNet weights and without a way to them.</summary>
/// <remarks>It lies beside the command, not inside an assembly: it is mapped like every weight file, <c>weight-converter inspect</c> shows it, and
/// programs that use the libraries alone do not carry it.</remarks>
internal static class BoxModel
{
    /// <summary>Its name, in models/cifar10 of the repository and beside the command.</summary>
    public const string FileName = "resnest-cifar10.safetensors";

    /// <summary>Names another file to use in its place; runtimeconfig.json can set it.</summary>
    public const string Setting = "ResNeSt.Cli.BoxModel";

    /// <summary>Its path, or null where the command came without it.</summary>
    public static string? Find()
    {
        string path = AppContext.GetData(Setting) as string ?? Path.Combine(AppContext.BaseDirectory, FileName);
        return File.Exists(path) ? path : null;
    }

    /// <summary>One line for those who expected ImageNet's classes.</summary>
    /// <param name="description">What the file says.</param>
    /// <param name="published">The weights that would have been used.</param>
    public static string Explain(NetworkDescription description, ModelEntry published) => string.Create(CultureInfo.InvariantCulture,
        $"no ImageNet weights at hand: the small {description.Model} that comes with this command knows {description.Classes.Count} classes only ({string.Join(", ", description.Classes)}); for ImageNet's 1000 give --model {published.Name}, which fetches its weights once, or --weights FILE");
}
