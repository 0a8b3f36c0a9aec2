namespace ResNeSt.Training;

/// <summary>Files that are there whole or not at all: written beside, forced to the disk, renamed.</summary>
public static class AtomicFile
{
    private const string Suffix = ".partial";

    /// <summary>Writes a file. If that fails, the old one stays and nothing is left behind.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="write">Writes the contents.</param>
    /// <param name="wrap">Stands between the contents and the disk; for tests of failing disks.</param>
    /// <exception cref="IOException">The disk is full, or the folder cannot be written.</exception>
    public static void Write(string path, Action<Stream> write, Func<Stream, Stream>? wrap = null)
    {
        string temporary = path + Suffix;
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                var stream = wrap?.Invoke(file) ?? file;
                write(stream);
                stream.Flush();
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Removes what a killed process left in a folder.</summary>
    public static void RemoveLeftovers(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*" + Suffix))
            File.Delete(file);
    }
}
