namespace ResNeSt.Imaging;

/// <summary>Marker codes (T.81, table B.1), the second byte.</summary>
internal static class JpegMarkers
{
    public const int BaselineFrame = 0xC0;
    public const int ExtendedFrame = 0xC1;
    public const int ProgressiveFrame = 0xC2;
    public const int HuffmanTables = 0xC4;
    public const int Extension = 0xC8;
    public const int ArithmeticConditioning = 0xCC;
    public const int StartOfImage = 0xD8;
    public const int EndOfImage = 0xD9;
    public const int StartOfScan = 0xDA;
    public const int QuantTables = 0xDB;
    public const int NumberOfLines = 0xDC;
    public const int RestartInterval = 0xDD;
    public const int App0 = 0xE0;
    public const int App1 = 0xE1;
    public const int App14 = 0xEE;
    public const int Comment = 0xFE;
    public const int JpegLsFrame = 0xF7;

    /// <summary>TEM and RST0 to RST7: no length follows.</summary>
    public static bool StandsAlone(int marker) => marker is 0x01 or >= 0xD0 and <= 0xD7;

    public static bool IsFrame(int marker) =>
        marker is >= 0xC0 and <= 0xCF and not (HuffmanTables or Extension or ArithmeticConditioning) or JpegLsFrame;

    /// <summary>APPn and comments, and two that concern only codings that are not read; all others are reserved.</summary>
    public static bool MayBeIgnored(int marker) =>
        marker is >= App0 and <= 0xEF or Comment or NumberOfLines or ArithmeticConditioning;

    /// <summary>The coding's name, or null for a frame that is read.</summary>
    public static string? WhyUnsupported(int frame) => frame switch
    {
        BaselineFrame or ExtendedFrame or ProgressiveFrame => null,
        0xC3 => "lossless coding (SOF3)",
        0xC5 or 0xC6 or 0xC7 => $"hierarchical coding (SOF{frame - 0xC0})",
        JpegLsFrame => "JPEG-LS coding (SOF55)",
        _ => $"arithmetic coding (SOF{frame - 0xC0})",
    };
}
