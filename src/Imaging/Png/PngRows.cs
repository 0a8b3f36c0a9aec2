using System.IO.Compression;

namespace ResNeSt.Imaging;

/// <summary>Inflates and unfilters row after row (ISO/IEC 15948, clauses 9 and 10), counting every byte.</summary>
internal sealed class PngRows : IDisposable
{
    private readonly ZlibInput input;
    private readonly ZLibStream inflater;
    private readonly int offset;
    private readonly int distance;
    private byte[] current;
    private byte[] previous;

    /// <param name="chunks">All chunks.</param>
    public PngRows(in PngChunks chunks)
    {
        offset = chunks.CompressedOffset;
        distance = chunks.Header.FilterDistance;
        CheckZlibHeader(chunks.Compressed, offset);
        input = new ZlibInput(chunks.Compressed);
        inflater = new ZLibStream(input, CompressionMode.Decompress);
        // The bytes before the row stand for the pixel left of the first one and stay 0.
        int size = checked((int)chunks.Header.RowBytes(chunks.Header.Width) + distance + 1);
        (current, previous) = (new byte[size], new byte[size]);
    }

    /// <summary>Forgets the row above, at the start of an interlace pass.</summary>
    public void StartPass() => Array.Clear(previous);

    /// <summary>The next row without its filter byte; valid until the next call.</summary>
    public ReadOnlySpan<byte> Next(int rowBytes)
    {
        // Layout: [0 .. distance) zeros, then the row; the filter byte is read to where the last of the zeros lies and replaced.
        Fill(current.AsSpan(distance - 1, rowBytes + 1));
        int filter = current[distance - 1];
        current[distance - 1] = 0;
        var row = current.AsSpan(0, distance + rowBytes);
        if (!PngFilters.Undo(filter, row, previous.AsSpan(0, distance + rowBytes), distance))
            throw Refuse.Bad(offset, $"filter type {filter} in the pixel data, PNG knows only 0 to 4; the file is damaged, fetch or save it again");
        (current, previous) = (previous, current);
        return row[distance..];
    }

    /// <summary>Checks that the data end here with the right checksum.</summary>
    public void Finish()
    {
        Span<byte> more = stackalloc byte[1];
        if (Read(more) > 0)
            throw Refuse.TooLarge(offset, "the pixel data go on behind the last row; the file is damaged or a trap, save the picture again");
        if (input.RanOut)
            throw Refuse.Cut(offset, "the compressed pixel data end before their checksum");
    }

    public void Dispose() => inflater.Dispose();

    private void Fill(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int count = Read(target);
            if (count <= 0)
                throw Refuse.Cut(offset, "the compressed pixel data end early");
            target = target[count..];
        }
    }

    private int Read(Span<byte> target)
    {
        try
        {
            return inflater.Read(target);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // The inflater verifies the Adler checksum in the same call that delivers the last bytes.
            throw Refuse.Bad(offset, "the compressed pixel data or their checksum are damaged; fetch or save the picture again");
        }
    }

    private static void CheckZlibHeader(ReadOnlySpan<byte> data, int offset)
    {
        if (data.Length < 2)
            throw Refuse.Cut(offset, "the compressed pixel data are missing");
        bool sound = (data[0] & 15) == 8 && data[0] >> 4 <= 7 && (data[0] << 8 | data[1]) % 31 == 0 && (data[1] & 0x20) == 0;
        if (!sound)
            throw Refuse.Bad(offset, "the pixel data do not begin with a zlib header; the file is damaged, fetch or save it again");
    }
}
