namespace ResNeSt.Imaging;

/// <summary>Colour types (ISO/IEC 15948, table 11.1).</summary>
internal enum PngColour
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}
