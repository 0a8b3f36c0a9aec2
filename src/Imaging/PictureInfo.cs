namespace ResNeSt.Imaging;

/// <summary>What the header of a picture says.</summary>
/// <param name="Format">The file format, found by content, never by name.</param>
/// <param name="Width">Columns as stored, before any turning by EXIF orientation.</param>
/// <param name="Height">Rows as stored, before any turning by EXIF orientation.</param>
/// <param name="Channels">Channels as stored: 1 grey or palette index, 2 grey and alpha, 3 colour, 4 colour and alpha.</param>
/// <param name="BitsPerChannel">Bits of one channel as stored.</param>
/// <param name="Orientation">EXIF orientation 1 to 8; 1 where there is none or it cannot be read.</param>
public sealed record PictureInfo(
    PictureFormat Format, int Width, int Height, int Channels, int BitsPerChannel, int Orientation);
