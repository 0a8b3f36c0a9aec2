using System.Buffers.Binary;

namespace ResNeSt.Imaging;

/// <summary>Walks through the segments of a JPEG file (T.81, annex B) and hands out header and scans.</summary>
internal static class JpegDecoder
{
    public static PictureInfo Identify(ReadOnlySpan<byte> data)
    {
        var header = new JpegHeader();
        int position = 2;
        while (header.Frame is null)
        {
            int marker = NextSegment(data, ref position, out var body, out int offset);
            RequireFrameBefore(marker, offset);
            header.Read(marker, body, offset);
        }

        var frame = header.Frame;
        return new PictureInfo(PictureFormat.Jpeg, frame.Width, frame.Height, frame.Components.Length, 8, header.Orientation);
    }

    public static (Picture Picture, int Orientation) Decode(ReadOnlySpan<byte> data, PictureReadOptions options)
    {
        var header = new JpegHeader();
        JpegScans? scans = null;
        int position = 2;
        while (true)
        {
            if (scans is { IsComplete: true } && FindMarker(data, position) >= data.Length)
                break; // Only the end marker is missing, nothing more could come.
            int marker = NextSegment(data, ref position, out var body, out int offset);
            if (marker == JpegMarkers.EndOfImage && scans is not null)
                break;
            if (marker != JpegMarkers.StartOfScan)
            {
                if (header.Frame is null)
                    RequireFrameBefore(marker, offset);
                header.Read(marker, body, offset);
                continue;
            }

            if (header.Frame is null)
                RequireFrameBefore(marker, offset);
            scans ??= new JpegScans(header, options, data.Length - position, offset);
            position = scans.Read(data, body, offset, position);
            if (scans.IsStreamed)
                return (scans.Finish(position), header.Orientation);
        }

        return (scans.Finish(position), header.Orientation);
    }

    private static void RequireFrameBefore(int marker, int offset)
    {
        if (marker is JpegMarkers.StartOfScan or JpegMarkers.EndOfImage)
            throw Refuse.Bad(offset, "no frame header comes before the picture data; the file is damaged, fetch or save it again");
    }

    /// <summary>The next marker and its segment; bytes that belong to nothing are passed over, as libjpeg does.</summary>
    private static int NextSegment(ReadOnlySpan<byte> data, ref int position, out ReadOnlySpan<byte> body, out int offset)
    {
        body = default;
        while (true)
        {
            int at = FindMarker(data, position);
            if (at + 1 >= data.Length)
                throw Refuse.Cut(data.Length, "the JPEG file ends before its end marker");
            int marker = data[at + 1];
            position = offset = at + 2;
            if (JpegMarkers.StandsAlone(marker))
                continue;
            if (marker == JpegMarkers.EndOfImage)
                return marker;
            if (marker == JpegMarkers.StartOfImage)
                throw Refuse.Bad(at, "a second start marker inside the picture; the file is damaged, fetch or save it again");
            if (data.Length - position < 2)
                throw Refuse.Cut(data.Length, "the JPEG file ends inside a segment header");
            int length = BinaryPrimitives.ReadUInt16BigEndian(data[position..]);
            if (length < 2)
                throw Refuse.Bad(position, $"segment length {length} is less than its own two bytes; the file is damaged, fetch or save it again");
            if (length > data.Length - position)
                throw Refuse.Cut(position, $"a segment of {length} bytes begins here, but only {data.Length - position} bytes are left");
            body = data.Slice(position + 2, length - 2);
            offset = position + 2;
            position += length;
            return marker;
        }
    }

    private static int FindMarker(ReadOnlySpan<byte> data, int position) => new BitReader(data, position).NextMarker();
}
