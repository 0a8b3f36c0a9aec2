namespace ResNeSt.Imaging;

/// <summary>The start of a stream, read in growing steps.</summary>
internal sealed class FileStart(Stream stream)
{
    private const int FirstStep = 32 * 1024;
    private byte[] bytes = [];
    private int count;
    private bool started;

    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            if (!started)
                ReadMore(FirstStep);
            return bytes.AsSpan(0, count);
        }
    }

    /// <summary>Reads as much again as there is, at least one step; false at the end of the stream or at the limit.</summary>
    public bool ReadMore(long limit)
    {
        started = true;
        int size = (int)Math.Min(limit, Math.Max(FirstStep, 4L * count));
        if (size <= count)
            return false;
        Array.Resize(ref bytes, size);
        int got = stream.ReadAtLeast(bytes.AsSpan(count), size - count, throwOnEndOfStream: false);
        count += got;
        return got > 0;
    }
}
