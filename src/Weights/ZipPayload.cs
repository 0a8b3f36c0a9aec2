using System.Buffers;
using System.IO.Compression;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The unpacked bytes of zip entries, checked against the directory's length and CRC before anybody sees them.</summary>
internal static class ZipPayload
{
    private const int PieceBytes = 1 << 18;

    /// <summary>A small entry, whole.</summary>
    /// <exception cref="DataFileException">It is longer than <paramref name="most"/>, or damaged.</exception>
    public static byte[] ReadAll(RandomAccessFile file, ZipEntry entry, int most)
    {
        if (entry.Length > most)
            throw Error(file, entry, DataFileErrorKind.TooLarge, $"{entry.Length} bytes, at most {most} are handled here");
        byte[] bytes = new byte[entry.Length];
        if (entry.IsDeflated)
        {
            Inflate(file, entry, bytes);
            return bytes;
        }

        file.Read(entry.Start, bytes);
        CheckCrc(file, entry, ZipCrc.Append(0, bytes));
        return bytes;
    }

    /// <summary>Checks the CRC of a stored entry.</summary>
    public static void Verify(RandomAccessFile file, ZipEntry entry)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(entry.Length, PieceBytes));
        try
        {
            uint crc = 0;
            for (long done = 0; done < entry.Length;)
            {
                int count = (int)Math.Min(entry.Length - done, PieceBytes);
                file.Read(entry.Start + done, piece.AsSpan(0, count));
                crc = ZipCrc.Append(crc, piece.AsSpan(0, count));
                done += count;
            }

            CheckCrc(file, entry, crc);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Unpacks a deflated entry.</summary>
    /// <param name="file">The archive.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="destination">As long as the entry.</param>
    public static void Inflate(RandomAccessFile file, ZipEntry entry, Span<byte> destination)
    {
        try
        {
            using var packed = new ZipPackedStream(file, entry);
            using var unpacked = new DeflateStream(packed, CompressionMode.Decompress);
            // The runtime's stream ends early without an error on cut input, so the bytes are counted.
            int got = unpacked.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            if (got != destination.Length || unpacked.ReadByte() >= 0)
                throw Error(file, entry, DataFileErrorKind.BadArchive, $"the entry does not unpack to the {entry.Length} bytes that the directory declares; the archive is damaged or forged");
        }
        catch (InvalidDataException error)
        {
            throw Error(file, entry, DataFileErrorKind.BadArchive, "the compressed data are damaged; fetch the file again", error);
        }

        CheckCrc(file, entry, ZipCrc.Append(0, destination));
    }

    private static void CheckCrc(RandomAccessFile file, ZipEntry entry, uint crc)
    {
        if (crc != entry.Crc)
            throw Error(file, entry, DataFileErrorKind.BadChecksum, $"CRC {crc:x8} instead of {entry.Crc:x8}; the file is damaged, fetch it again");
    }

    private static DataFileException Error(RandomAccessFile file, ZipEntry entry, DataFileErrorKind kind, string what, Exception? inner = null) =>
        new(kind, what, file.Path, entry.Name, entry.Start, inner);
}
