using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary>A weight file named on the command line; standard input is put into a temporary file first, as weights are read in any order.</summary>
internal sealed class InputFile : IDisposable
{
    private readonly string? _temporary;

    private InputFile(string path, string? temporary)
    {
        _temporary = temporary;
        try
        {
            Weights = WeightFile.Open(path);
            Length = new FileInfo(path).Length;
        }
        catch (DataFileException error) when (temporary is not null)
        {
            // The user named '-' and knows nothing of the temporary file.
            Dispose();
            throw new DataFileException(error.Kind, error.What, "-", error.Entry, error.Offset, error);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The open file.</summary>
    public WeightFile Weights { get; } = null!;

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Opens what the command line names.</summary>
    public static InputFile Open(string name, CommandConsole console)
    {
        if (name != "-")
            return new InputFile(name, null);
        string temporary = Path.Combine(Path.GetTempPath(), $"weight-converter-{Path.GetRandomFileName()}.stdin");
        using (var copy = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        using (var input = console.OpenInput())
            input.CopyTo(copy);
        return new InputFile(temporary, temporary);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights?.Dispose();
        if (_temporary is not null)
            File.Delete(_temporary);
    }
}
