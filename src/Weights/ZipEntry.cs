namespace ResNeSt.Weights;

/// <summary>One entry of a zip archive, as its directory and its local header agree on it.</summary>
/// <param name="Name">Full name, with '/' between folders.</param>
/// <param name="IsDeflated">Compressed by deflate; else stored as it is.</param>
/// <param name="Crc">CRC-32 of the unpacked bytes.</param>
/// <param name="Start">Offset of the first (packed) byte in the file.</param>
/// <param name="PackedLength">Bytes in the file.</param>
/// <param name="Length">Bytes when unpacked.</param>
internal sealed record ZipEntry(string Name, bool IsDeflated, uint Crc, long Start, long PackedLength, long Length);
