namespace ResNeSt.Imaging;

/// <summary>The picture formats that are read.</summary>
public enum PictureFormat
{
    /// <summary>JPEG, ITU-T T.81: baseline, extended sequential and progressive Huffman coding, 8 bits.</summary>
    Jpeg,

    /// <summary>PNG, ISO/IEC 15948.</summary>
    Png,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>Portable grey map and pixel map (Netpbm P2, P3, P5, P6).</summary>
    Ppm,
}
