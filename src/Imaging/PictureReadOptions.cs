namespace ResNeSt.Imaging;

/// <summary>How pictures are read, and where reading stops.</summary>
public sealed record PictureReadOptions
{
    /// <summary>The defaults: no turning, 100 megapixels, 100 JPEG scans.</summary>
    public static PictureReadOptions Default { get; } = new();

    /// <summary>Turn and mirror by EXIF orientation. Off by default, as in PIL and torchvision.</summary>
    public bool ApplyOrientation { get; init; }

    /// <summary>Most pixels (width x height) that are decoded.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>Most scans of one JPEG file; ordinary progressive files have about ten.</summary>
    public int MaxJpegScans { get; init; } = 100;

    /// <summary>Largest file that is read into memory.</summary>
    public long MaxFileBytes { get; init; } = 1L << 30;
}
