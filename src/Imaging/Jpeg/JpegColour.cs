namespace ResNeSt.Imaging;

/// <summary>What the components of a JPEG file mean.</summary>
internal enum JpegColour
{
    Grey,
    Ycc,
    Rgb,
}
