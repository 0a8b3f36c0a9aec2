using System.IO.Compression;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Whole files of data sets, packed by gzip or not.</summary>
internal static class DataFiles
{
    // The largest real one, EMNIST's, has 550 MB; what unpacks to more is no data set of small pictures.
    private const int MostBytes = 1 << 30;

    /// <summary>The bytes of a file; a name that ends with .gz is unpacked.</summary>
    public static byte[] ReadAll(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var bytes = new MemoryStream();
            var piece = new byte[1 << 16];
            for (int count; (count = stream.Read(piece)) > 0;)
            {
                if (bytes.Length + count > MostBytes)
                    throw new DataFileException(DataFileErrorKind.TooLarge, $"holds more than {MostBytes} bytes", path);
                bytes.Write(piece, 0, count);
            }

            return bytes.ToArray();
        }
        catch (InvalidDataException error)
        {
            throw new DataFileException(DataFileErrorKind.BadArchive, "is no sound gzip file; fetch it again", path, inner: error);
        }
        catch (Exception error) when (error is IOException and not DataFileException or UnauthorizedAccessException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, "cannot be read: is the path right?", path, inner: error);
        }
    }
}
