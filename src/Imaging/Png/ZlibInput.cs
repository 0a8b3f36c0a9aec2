namespace ResNeSt.Imaging;

/// <summary>Feeds the inflater and notes whether it asked for more than there is, which .NET's stream does not report.</summary>
internal sealed class ZlibInput(byte[] data) : Stream
{
    private int position;

    /// <summary>Whether the inflater wanted to go on at the end of the data.</summary>
    public bool RanOut { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => data.Length;

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, data.Length - position);
        RanOut |= count == 0 && buffer.Length > 0;
        data.AsSpan(position, count).CopyTo(buffer);
        position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
