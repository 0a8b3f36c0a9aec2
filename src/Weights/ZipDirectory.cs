using System.Buffers.Binary;
using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The entries of a zip archive, read so strictly that no two readers could see two archives.</summary>
/// <remarks>
/// The archive begins with its first entry and ends with its only end record; the directory ends where the end record begins;
/// entries do not overlap; names are unique, relative and UTF-8; each local header says what the directory says; methods are stored and deflate.
/// </remarks>
internal sealed class ZipDirectory
{
    private const int EndLength = 22;
    private const int LocatorLength = 20;
    private const int Zip64EndLength = 56;
    private const int HeaderLength = 46;
    private const int LocalLength = 30;
    private const int MostEntries = 200_000;
    private const long MostDirectoryBytes = 64 << 20;
    private const string FetchAgain = "; the file is cut short or damaged, fetch it again";

    private readonly RandomAccessFile _file;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);
    private UInt128 _claimed;

    private ZipDirectory(RandomAccessFile file) => _file = file;

    /// <summary>All entries by name.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    /// <summary>Reads and checks the directory and all local headers; no payload is touched.</summary>
    /// <exception cref="DataFileException">The archive breaks one of the rules.</exception>
    public static ZipDirectory Read(RandomAccessFile file)
    {
        var directory = new ZipDirectory(file);
        directory.ReadAll();
        return directory;
    }

    private void ReadAll()
    {
        var (count, start, length) = ReadEnd();
        if (count > MostEntries)
            throw Error(DataFileErrorKind.TooLarge, $"{count} entries, at most {MostEntries} are handled", start);
        if (length > MostDirectoryBytes)
            throw Error(DataFileErrorKind.TooLarge, $"a directory of {length} bytes, at most {MostDirectoryBytes} are handled", start);
        if (count == 0)
            throw Error(DataFileErrorKind.BadArchive, "the archive is empty" + FetchAgain, start);
        if (count > length / HeaderLength)
            throw Error(DataFileErrorKind.BadArchive, $"a directory of {length} bytes cannot list {count} entries" + FetchAgain, start);

        byte[] bytes = new byte[length];
        _file.Read(start, bytes);
        // Inside the directory a second end record would be a second archive to a reader that searches for one.
        if (bytes.AsSpan().IndexOf("PK\x05\x06"u8) is var second and >= 0)
            throw Error(DataFileErrorKind.BadArchive, "more than one end record; the archive is forged", start + second);
        var spans = new List<(long Begin, long End)>((int)count);
        int next = 0;
        for (long i = 0; i < count; i++)
            next += ReadEntry(bytes.AsSpan(next), start + next, start, spans);
        if (next != bytes.Length)
            throw Error(DataFileErrorKind.BadArchive, "the directory holds more than it declares; the archive is forged", start + next);

        spans.Sort();
        if (spans[0].Begin != 0)
            throw Error(DataFileErrorKind.BadArchive, "bytes before the first entry; the archive is forged", 0);
        for (int i = 1; i < spans.Count; i++)
        {
            if (spans[i].Begin < spans[i - 1].End)
                throw Error(DataFileErrorKind.BadArchive, "entries overlap; the archive is forged", spans[i].Begin);
        }
    }

    /// <summary>Finds the end record and what it says of the directory.</summary>
    private (long Count, long Start, long Length) ReadEnd()
    {
        if (_file.Length < EndLength)
            throw Error(DataFileErrorKind.Truncated, "too short for a zip archive; fetch the file again", 0);
        byte[] tail = new byte[Math.Min(_file.Length, EndLength + ushort.MaxValue + LocatorLength)];
        long tailStart = _file.Length - tail.Length;
        _file.Read(tailStart, tail);

        int at = tail.AsSpan().LastIndexOf("PK\x05\x06"u8);
        if (at < 0)
            throw Error(DataFileErrorKind.BadArchive, "no end record" + FetchAgain, _file.Length);
        long endStart = tailStart + at;
        if (tail.Length - at < EndLength || U16(tail, at + 20) != tail.Length - at - EndLength)
            throw Error(DataFileErrorKind.BadArchive, "bytes after the end record; the file is damaged or something was appended to it", endStart);
        // Another record before, which declares a comment that reaches to the same end, would be the end to readers that search forwards.
        for (int other = tail.AsSpan(0, at).LastIndexOf("PK\x05\x06"u8); other >= 0; other = tail.AsSpan(0, other).LastIndexOf("PK\x05\x06"u8))
        {
            if (tail.Length - other >= EndLength && U16(tail, other + 20) == tail.Length - other - EndLength)
                throw Error(DataFileErrorKind.BadArchive, "more than one end record; the archive is forged", tailStart + other);
        }

        if (U16(tail, at + 4) is not (0 or 0xffff) || U16(tail, at + 6) is not (0 or 0xffff))
            throw Error(DataFileErrorKind.Unsupported, "an archive in several parts; join them first", endStart);
        if (U16(tail, at + 8) != U16(tail, at + 10))
            throw Error(DataFileErrorKind.BadArchive, "the end record gives two counts of entries; the archive is forged", endStart);
        long count = U16(tail, at + 10), length = U32(tail, at + 12), start = U32(tail, at + 16);
        long directoryEnd = endStart;
        if (at >= LocatorLength && tail.AsSpan(at - LocatorLength, 4).SequenceEqual("PK\x06\x07"u8))
            (count, start, length, directoryEnd) = ReadZip64End(tail.AsSpan(at - LocatorLength, LocatorLength), endStart, count, start, length);
        if (start > directoryEnd || length != directoryEnd - start)
            throw Error(DataFileErrorKind.BadArchive, "the directory does not end where the end record begins: bytes before the archive, or hidden in it", endStart);
        return (count, start, length);
    }

    private (long Count, long Start, long Length, long DirectoryEnd) ReadZip64End(ReadOnlySpan<byte> locator, long endStart, long count, long start, long length)
    {
        long locatorStart = endStart - LocatorLength;
        ulong at = U64(locator, 8);
        if (at > (ulong)locatorStart || locatorStart - (long)at < Zip64EndLength)
            throw Error(DataFileErrorKind.BadArchive, "the zip64 end record lies elsewhere than it should" + FetchAgain, locatorStart);
        Span<byte> record = stackalloc byte[Zip64EndLength];
        _file.Read((long)at, record);
        if (!record.StartsWith("PK\x06\x06"u8) || U64(record, 4) != (ulong)(locatorStart - (long)at - 12))
            throw Error(DataFileErrorKind.BadArchive, "the zip64 end record is none, or not as long as it says" + FetchAgain, (long)at);
        if (U32(record, 16) != 0 || U32(record, 20) != 0)
            throw Error(DataFileErrorKind.Unsupported, "an archive in several parts; join them first", (long)at);
        ulong count64 = U64(record, 32), length64 = U64(record, 40), start64 = U64(record, 48);
        if (U64(record, 24) != count64 || !Agrees(count, 0xffff, count64) || !Agrees(length, 0xffffffff, length64) || !Agrees(start, 0xffffffff, start64))
            throw Error(DataFileErrorKind.BadArchive, "the two end records disagree; the archive is forged", (long)at);
        if (count64 > long.MaxValue || length64 > at || start64 > at)
            throw Error(DataFileErrorKind.BadArchive, "the directory lies outside the file" + FetchAgain, (long)at);
        return ((long)count64, (long)start64, (long)length64, (long)at);
    }

    /// <summary>Reads one record of the directory and the local header it points at; returns the record's length.</summary>
    private int ReadEntry(ReadOnlySpan<byte> bytes, long recordStart, long directoryStart, List<(long, long)> spans)
    {
        if (bytes.Length < HeaderLength || !bytes.StartsWith("PK\x01\x02"u8))
            throw Error(DataFileErrorKind.BadArchive, "the directory is cut short" + FetchAgain, recordStart);
        int nameLength = U16(bytes, 28), extraLength = U16(bytes, 30), commentLength = U16(bytes, 32);
        int recordLength = HeaderLength + nameLength + extraLength + commentLength;
        if (recordLength > bytes.Length)
            throw Error(DataFileErrorKind.BadArchive, "the directory is cut short" + FetchAgain, recordStart);
        var rawName = bytes.Slice(HeaderLength, nameLength);
        string name = CheckedName(rawName, recordStart);
        int flags = U16(bytes, 8), method = U16(bytes, 10);
        uint crc = U32(bytes, 16);
        if ((flags & 0x2041) != 0)
            throw Error(DataFileErrorKind.Unsupported, "the entry is encrypted; unpack it with its password first", recordStart, name);
        if (method is not (0 or 8))
            throw Error(DataFileErrorKind.Unsupported, $"compression method {method} is neither stored nor deflate; unpack the archive and zip it again", recordStart, name);
        if ((U32(bytes, 38) >> 16 & 0xF000) == 0xA000)
            throw Error(DataFileErrorKind.UnsafeName, "the entry is a symbolic link, which no checkpoint holds", recordStart, name);

        ulong packed = U32(bytes, 20), length = U32(bytes, 24), start = U32(bytes, 42);
        var extra = bytes.Slice(HeaderLength + nameLength, extraLength);
        if (packed == 0xffffffff || length == 0xffffffff || start == 0xffffffff)
        {
            var wide = Zip64Field(extra);
            if (!TakeWide(ref length, ref wide) || !TakeWide(ref packed, ref wide) || !TakeWide(ref start, ref wide))
                throw Error(DataFileErrorKind.BadArchive, "the zip64 field is missing or too short" + FetchAgain, recordStart, name);
        }

        if (start > (ulong)directoryStart || directoryStart - (long)start < LocalLength)
            throw Error(DataFileErrorKind.BadArchive, "the entry lies outside the file" + FetchAgain, recordStart, name);
        long payload = CheckLocalHeader((long)start, directoryStart, rawName, name, (flags, method, crc), packed, length);
        if (method == 0 && packed != length)
            throw Error(DataFileErrorKind.BadArchive, "a stored entry with two sizes; the archive is forged", recordStart, name);
        if (length > long.MaxValue)
            throw Error(DataFileErrorKind.TooLarge, $"the entry claims {length} bytes; the archive is forged", recordStart, name);

        spans.Add(((long)start, payload + (long)packed));
        if (!_entries.TryAdd(name, new ZipEntry(name, method == 8, crc, payload, (long)packed, (long)length)))
            throw Error(DataFileErrorKind.BadArchive, "the entry occurs twice; the archive is forged", recordStart, name);
        return recordLength;
    }

    /// <summary>Compares a local header with the directory; returns where the payload begins.</summary>
    private long CheckLocalHeader(long start, long limit, ReadOnlySpan<byte> rawName, string name, (int Flags, int Method, uint Crc) expected, ulong packed, ulong length)
    {
        Span<byte> local = stackalloc byte[LocalLength];
        _file.Read(start, local);
        int nameLength = U16(local, 26), extraLength = U16(local, 28);
        long payload = start + LocalLength + nameLength + extraLength;
        if (!local.StartsWith("PK\x03\x04"u8) || U16(local, 6) != expected.Flags || U16(local, 8) != expected.Method || nameLength != rawName.Length || payload > limit)
            throw Error(DataFileErrorKind.BadArchive, "its local header does not match the directory; the archive is damaged or forged", start, name);
        // What entries claim adds up to more than the file only if they overlap; without this a small file could make us read one place for ever.
        _claimed += (UInt128)(payload - start) + packed;
        if (_claimed > (UInt128)limit)
            throw Error(packed > (ulong)(limit - payload) ? DataFileErrorKind.Truncated : DataFileErrorKind.BadArchive, "entries overlap, or run past the end of the file" + FetchAgain, start, name);
        byte[] rest = new byte[nameLength + extraLength];
        _file.Read(start + LocalLength, rest);
        if (!rest.AsSpan(0, nameLength).SequenceEqual(rawName))
            throw Error(DataFileErrorKind.BadArchive, "its local header gives another name; the archive is forged", start, name);

        // Bit 3: sizes and CRC follow the payload, and zero is written here. PyTorch writes all its files so.
        if ((expected.Flags & 8) != 0)
            return payload;
        ulong localPacked = U32(local, 18), localLength = U32(local, 22);
        var wide = Zip64Field(rest.AsSpan(nameLength));
        if (!TakeWide(ref localLength, ref wide) || !TakeWide(ref localPacked, ref wide) || (localPacked, localLength, U32(local, 14)) != (packed, length, expected.Crc))
            throw Error(DataFileErrorKind.BadArchive, "its local header gives another size or CRC; the archive is damaged or forged", start, name);
        return payload;
    }

    private string CheckedName(ReadOnlySpan<byte> raw, long recordStart)
    {
        string name = Encoding.UTF8.GetString(raw);
        if (!System.Text.Unicode.Utf8.IsValid(raw))
            throw Error(DataFileErrorKind.UnsafeName, "the entry's name is not UTF-8; zip the folder again", recordStart, name);
        string[] parts = name.Split('/');
        if (name.Length == 0 || name[0] == '/' || name.AsSpan().IndexOfAny('\0', '\\') >= 0 || parts[0].Contains(':') || parts.Contains("..") || parts.Contains("."))
            throw Error(DataFileErrorKind.UnsafeName, "the entry's name could lead out of its folder; the archive is forged, and nothing was written", recordStart, name);
        return name;
    }

    /// <summary>The zip64 field among the extra fields; empty where there is none.</summary>
    private static ReadOnlySpan<byte> Zip64Field(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int length = U16(extra, 2);
            if (length > extra.Length - 4)
                break;
            if (U16(extra, 0) == 1)
                return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }

        return default;
    }

    /// <summary>Replaces a saturated 32-bit value by the next one of the zip64 field; false where that has no more.</summary>
    private static bool TakeWide(ref ulong value, ref ReadOnlySpan<byte> wide)
    {
        if (value != 0xffffffff)
            return true;
        if (wide.Length < 8)
            return false;
        value = U64(wide, 0);
        wide = wide[8..];
        return true;
    }

    private static bool Agrees(long narrow, long saturated, ulong wide) => narrow == saturated || (ulong)narrow == wide;

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private DataFileException Error(DataFileErrorKind kind, string what, long offset, string? entry = null) => new(kind, what, _file.Path, entry, offset);
}
