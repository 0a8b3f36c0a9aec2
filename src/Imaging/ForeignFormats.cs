using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Names what a file is when it is none of the formats that are read.</summary>
internal static class ForeignFormats
{
    private const string Convert = "convert it to PNG or JPEG first, or decode it with another library and use Picture.FromPixels";

    public static DataFileException Explain(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return new DataFileException(DataFileErrorKind.Truncated, "the file is empty; fetch or save it again", offset: 0);
        if (FileName(data) is { } name)
            return Refuse.Unsupported(0, $"this is {name}, which is not read; {Convert}");
        if (data.StartsWith("version https://git-lfs"u8))
            return Refuse.Foreign("this is a Git LFS pointer, not the picture itself; run 'git lfs pull' to fetch the picture");
        if (LooksLikeHtml(data))
            return Refuse.Foreign("this is a web page or XML text, not a picture; the download probably failed, fetch the picture again");
        if (data[1..].StartsWith("PNG"u8) || data.StartsWith("PNG"u8))
            return Refuse.Foreign("this looks like a PNG whose signature was damaged, probably by a text-mode transfer; transfer it again as binary");
        string start = System.Convert.ToHexString(data[..Math.Min(8, data.Length)]);
        return Refuse.Foreign($"this is no JPEG, PNG, BMP or PPM picture (it starts with {start}); check the path, or {Convert}");
    }

    private static string? FileName(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith("GIF87a"u8) || data.StartsWith("GIF89a"u8))
            return "a GIF";
        if (data.Length >= 12 && data.StartsWith("RIFF"u8) && data[8..].StartsWith("WEBP"u8))
            return "a WebP";
        if (data.Length >= 12 && data[4..].StartsWith("ftyp"u8))
            return Brand(data.Slice(8, 4));
        if (data.StartsWith("II*\0"u8) || data.StartsWith("MM\0*"u8) || data.StartsWith("II+\0"u8) || data.StartsWith("MM\0+"u8))
            return "a TIFF (or a camera's raw file)";
        if (data.StartsWith("\0\0\0\u000CjP  "u8))
            return "a JPEG 2000";
        if (data.StartsWith("\0\0\0\u000CJXL "u8) || data.StartsWith(JpegXlCodestream))
            return "a JPEG XL";
        if (data.StartsWith("8BPS"u8))
            return "a Photoshop document";
        if (data.StartsWith("%PDF"u8))
            return "a PDF document";
        if (data.StartsWith("qoif"u8))
            return "a QOI";
        if (data.StartsWith("DDS "u8))
            return "a DirectDraw surface";
        if (data.StartsWith("v/1\u0001"u8))
            return "an OpenEXR";
        if (data.StartsWith("#?RADIANCE"u8) || data.StartsWith("#?RGBE"u8))
            return "a Radiance HDR";
        if (data.StartsWith("\0\0\u0001\0"u8))
            return "a Windows icon";
        if (data.Length >= 3 && data[0] == 'P' && data[1] is (byte)'1' or (byte)'4' or (byte)'7' && char.IsWhiteSpace((char)data[2]))
            return $"a Netpbm P{(char)data[1]}";
        return LooksLikeSvg(data) ? "an SVG drawing" : null;
    }

    private static ReadOnlySpan<byte> JpegXlCodestream => [0xFF, 0x0A];

    private static string Brand(ReadOnlySpan<byte> brand)
    {
        if (brand.SequenceEqual("avif"u8) || brand.SequenceEqual("avis"u8))
            return "an AVIF";
        bool heif = brand.StartsWith("hei"u8) || brand.StartsWith("hev"u8) || brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8);
        return heif ? "a HEIC (HEIF), as phones store photographs" : "an MP4-like container";
    }

    private static bool LooksLikeSvg(ReadOnlySpan<byte> data) => Start(data) is var text
        && (text.StartsWith("<svg", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase) && text.Contains("<svg", StringComparison.OrdinalIgnoreCase));

    private static bool LooksLikeHtml(ReadOnlySpan<byte> data) => Start(data).StartsWith('<');

    private static string Start(ReadOnlySpan<byte> data) =>
        Encoding.Latin1.GetString(data[..Math.Min(512, data.Length)]).TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n');
}
