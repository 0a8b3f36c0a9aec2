using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Makes the exceptions of the decoders: each says what, at which byte, and what to do.</summary>
internal static class Refuse
{
    public static DataFileException Bad(long offset, string what) => new(DataFileErrorKind.BadImage, what, offset: offset);

    public static DataFileException Checksum(long offset, string what) => new(DataFileErrorKind.BadChecksum, what, offset: offset);

    public static DataFileException Cut(long offset, string what) =>
        new(DataFileErrorKind.Truncated, $"{what}; the file is not complete, fetch or save it again", offset: offset);

    public static DataFileException TooLarge(long offset, string what) => new(DataFileErrorKind.TooLarge, what, offset: offset);

    public static DataFileException Unsupported(long offset, string what) => new(DataFileErrorKind.Unsupported, what, offset: offset);

    public static DataFileException Foreign(string what) => new(DataFileErrorKind.NotThisFormat, what, offset: 0);
}
