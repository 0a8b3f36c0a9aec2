using System.Globalization;
using System.Text;

namespace ResNeSt.Tensors;

/// <summary>Why a file was refused.</summary>
public enum DataFileErrorKind
{
    /// <summary>Another kind of file than expected.</summary>
    NotThisFormat,

    /// <summary>The file ends early.</summary>
    Truncated,

    /// <summary>Something exceeds a limit.</summary>
    TooLarge,

    /// <summary>A header is not what the format demands.</summary>
    BadHeader,

    /// <summary>A key occurs twice.</summary>
    DuplicateKey,

    /// <summary>A gap, an overlap, or bytes that nobody owns.</summary>
    BadLayout,

    /// <summary>Shape times element size is not the number of bytes.</summary>
    SizeMismatch,

    /// <summary>A product overflows.</summary>
    Overflow,

    /// <summary>An element type that is not known.</summary>
    UnsupportedDType,

    /// <summary>A broken archive structure.</summary>
    BadArchive,

    /// <summary>A CRC, Adler or hash value differs.</summary>
    BadChecksum,

    /// <summary>An archive entry name that could escape its folder.</summary>
    UnsafeName,

    /// <summary>A pickle names something outside the allow-list.</summary>
    ForbiddenGlobal,

    /// <summary>A pickle opcode outside the allow-list.</summary>
    ForbiddenOpcode,

    /// <summary>A pickle calls what may not be called.</summary>
    ForbiddenCall,

    /// <summary>A malformed pickle.</summary>
    BadPickle,

    /// <summary>Offset, size, stride or storage of a tensor do not fit.</summary>
    BadTensor,

    /// <summary>A tensor name that cannot be used.</summary>
    BadName,

    /// <summary>A sound file of a kind that is not handled; the message says what to do.</summary>
    Unsupported,

    /// <summary>A malformed picture.</summary>
    BadImage,

    /// <summary>The file does not exist or cannot be opened.</summary>
    Unreadable,

    /// <summary>Sound weights that do not fit the model.</summary>
    ModelMismatch,
}

/// <summary>A file was refused: what is wrong, where, and what to do.</summary>
/// <remarks>Names that come from the file are escaped in the message, so that it can be printed on any terminal.</remarks>
public sealed class DataFileException : IOException
{
    /// <param name="kind">Why the file was refused.</param>
    /// <param name="what">What is wrong and what to do, one line.</param>
    /// <param name="file">The file's path as the caller gave it, or null for a stream.</param>
    /// <param name="entry">The archive entry or tensor concerned, or null.</param>
    /// <param name="offset">Byte offset in the file (or entry), or null.</param>
    /// <param name="inner">The cause, or null.</param>
    public DataFileException(
        DataFileErrorKind kind, string what, string? file = null, string? entry = null, long? offset = null, Exception? inner = null)
        : base(Format(what, file, entry, offset), inner)
    {
        Kind = kind;
        What = what;
        File = file;
        Entry = entry;
        Offset = offset;
    }

    /// <summary>Why the file was refused.</summary>
    public DataFileErrorKind Kind { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string What { get; }

    /// <summary>The file's path as the caller gave it, or null.</summary>
    public string? File { get; }

    /// <summary>The archive entry or tensor concerned, unescaped, or null.</summary>
    public string? Entry { get; }

    /// <summary>Byte offset, or null.</summary>
    public long? Offset { get; }

    /// <summary>The same refusal with the file's path added where it was not yet known.</summary>
    public DataFileException WithFile(string file) => File is null ? new(Kind, What, file, Entry, Offset, this) : this;

    /// <summary>A name from a file made safe for terminals and logs: control, format and surrogate characters as escapes such as \u001b, at most 120 characters.</summary>
    public static string Escape(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (char c in name)
        {
            if (text.Length >= 120)
            {
                text.Append('…');
                break;
            }

            bool safe = char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
            if (safe)
                text.Append(c);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return text.ToString();
    }

    private static string Format(string what, string? file, string? entry, long? offset)
    {
        var place = new List<string>(3);
        if (file is not null)
            place.Add(Escape(file));
        if (entry is not null)
            place.Add($"'{Escape(entry)}'");
        if (offset is not null)
            place.Add(string.Create(CultureInfo.InvariantCulture, $"byte {offset}"));
        return place.Count == 0 ? what : $"{string.Join(", ", place)}: {what}";
    }
}
