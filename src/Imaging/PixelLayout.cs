namespace ResNeSt.Imaging;

/// <summary>The order of the bytes of one pixel in memory that another decoder filled.</summary>
public enum PixelLayout
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red.</summary>
    Bgr,

    /// <summary>Red, green, blue, alpha; alpha is dropped, not blended.</summary>
    Rgba,

    /// <summary>Blue, green, red, alpha; alpha is dropped, not blended.</summary>
    Bgra,

    /// <summary>One grey byte.</summary>
    Grey,
}
