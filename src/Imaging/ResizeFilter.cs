namespace ResNeSt.Imaging;

/// <summary>Resampling filters with Pillow's definitions; all widen with the reduction factor (antialiasing).</summary>
public enum ResizeFilter
{
    /// <summary>Triangle, support 1.</summary>
    Bilinear,

    /// <summary>Cubic convolution with a = -0.5, support 2.</summary>
    Bicubic,

    /// <summary>Rectangle, support 0.5.</summary>
    Box,

    /// <summary>Windowed sinc, support 3.</summary>
    Lanczos,
}
