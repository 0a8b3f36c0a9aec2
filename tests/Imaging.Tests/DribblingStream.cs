namespace ResNeSt.Imaging.Tests;

/// <summary>A stream like one from a network: no length, no seeking, a few bytes at a time; counts what was taken.</summary>
public sealed class DribblingStream(byte[] data) : MemoryStream(data)
{
    public long Taken { get; private set; }

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => Count(base.Read(buffer, offset, Math.Min(count, 61)));

    public override int Read(Span<byte> buffer) => Count(base.Read(buffer[..Math.Min(buffer.Length, 61)]));

    private int Count(int got)
    {
        Taken += got;
        return got;
    }
}
