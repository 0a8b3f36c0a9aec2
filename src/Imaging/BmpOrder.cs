namespace ResNeSt.Imaging;

/// <summary>Where the colours lie in a bitmap's pixel.</summary>
internal enum BmpOrder
{
    /// <summary>Blue first; 5-5-5 in 16 bits.</summary>
    Plain,

    /// <summary>5-6-5 bits.</summary>
    Rgb565,

    /// <summary>32 bits with red first.</summary>
    Rgbx,
}
