using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Opens and reads files; everything that goes wrong becomes a <see cref="DataFileException"/> with the file's name.</summary>
internal static class FileBytes
{
    public static T Named<T>(string path, Func<Stream, T> read)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            return read(stream);
        }
        catch (DataFileException e)
        {
            throw e.WithFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable,
                $"cannot be read ({DataFileException.Escape(e.Message)}); check the path and the permissions", path, inner: e);
        }
    }

    /// <summary>The rest of a stream. Its stated length is only a hint; memory grows with what really arrives.</summary>
    public static ReadOnlyMemory<byte> ReadAll(Stream stream, long limit)
    {
        ArgumentNullException.ThrowIfNull(stream);
        limit = Math.Min(limit, Array.MaxLength - 1);
        const int step = 1 << 16;
        long hint = stream.CanSeek ? Math.Max(0, stream.Length - stream.Position) : 0;
        if (hint > limit)
            throw OverLimit(limit);
        // One byte more than expected, so that the end is seen without growing.
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)(stream.CanSeek ? hint + 1 : Math.Min(step, limit + 1)));
        int count = 0;
        while (true)
        {
            int got = stream.Read(bytes, count, bytes.Length - count);
            if (got <= 0)
                return bytes.AsMemory(0, count);
            count += got;
            if (count > limit)
                throw OverLimit(limit);
            if (count == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(limit + 1, (long)count * 2));
        }
    }

    private static DataFileException OverLimit(long limit) =>
        Refuse.TooLarge(limit, $"the file exceeds the limit of {limit} bytes; raise PictureReadOptions.MaxFileBytes if you trust it");
}
