using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>A picture in memory: 8 bits a channel, red, green and blue interleaved, rows from the top without gaps.</summary>
public sealed class Picture
{
    private readonly byte[] pixels;

    /// <summary>A black picture.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive, or the picture exceeds 2^31 bytes.</exception>
    public Picture(int width, int height)
        : this(width, height, new byte[ByteCount(width, height)])
    {
    }

    private Picture(int width, int height, byte[] pixels)
    {
        Width = width;
        Height = height;
        this.pixels = pixels;
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All pixels, [Height, Width, 3]; writing through the span changes the picture.</summary>
    public Span<byte> Pixels => pixels;

    /// <summary>One row, [Width, 3]; writing through the span changes the picture.</summary>
    public Span<byte> Row(int y) => pixels.AsSpan(checked(y * Width * 3), Width * 3);

    /// <summary>Copies pixels that any other decoder made.</summary>
    /// <param name="source">Rows from the top.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="stride">Bytes from the start of one row to the start of the next; 0 means rows without gaps.</param>
    /// <param name="layout">The bytes of one pixel.</param>
    /// <exception cref="ArgumentException">The span is too short for these sizes, or rows overlap.</exception>
    public static Picture FromPixels(
        ReadOnlySpan<byte> source, int width, int height, int stride = 0, PixelLayout layout = PixelLayout.Rgb)
    {
        var picture = Uninitialized(width, height);
        int pixelBytes = PixelRows.BytesPerPixel(layout);
        long rowBytes = (long)width * pixelBytes;
        long step = stride == 0 ? rowBytes : stride;
        if (step < rowBytes)
            throw new ArgumentException($"stride {stride} is less than the {rowBytes} bytes of a row", nameof(stride));
        long needed = (height - 1) * step + rowBytes;
        if (source.Length < needed)
            throw new ArgumentException($"{width} x {height} pixels need {needed} bytes, there are {source.Length}", nameof(source));
        for (int y = 0; y < height; y++)
            PixelRows.ToRgb(source.Slice((int)(y * step), (int)rowBytes), picture.Row(y), layout);
        return picture;
    }

    /// <summary>A copy.</summary>
    public Picture Clone() => new(Width, Height, (byte[])pixels.Clone());

    /// <summary>A copy of a rectangle that lies inside the picture.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rectangle is empty or leaves the picture.</exception>
    public Picture Crop(int left, int top, int width, int height)
    {
        if (left < 0 || top < 0 || width <= 0 || height <= 0 || left > Width - width || top > Height - height)
            throw new ArgumentOutOfRangeException(
                nameof(width), $"rectangle {width} x {height} at ({left}, {top}) is not inside {Width} x {Height}");
        var result = Uninitialized(width, height);
        for (int y = 0; y < height; y++)
            Row(top + y).Slice(left * 3, width * 3).CopyTo(result.Row(y));
        return result;
    }

    /// <summary>The whole picture resized with Pillow's arithmetic.</summary>
    public Picture Resize(int width, int height, ResizeFilter filter) =>
        Resampler.Apply(this, width, height, filter, new ResizeBox(0, 0, Width, Height));

    /// <summary>A part of the picture, with fractional edges, resized with Pillow's arithmetic (its <c>box</c> argument).</summary>
    public Picture Resize(int width, int height, ResizeFilter filter, ResizeBox box) =>
        Resampler.Apply(this, width, height, filter, box);

    /// <summary>Turned and mirrored so that a picture stored with this EXIF orientation stands upright.</summary>
    /// <param name="orientation">1 to 8; anything else is taken as 1.</param>
    public Picture Upright(int orientation) => Orientation.Apply(this, orientation);

    /// <summary>The size of the pixels in bytes, checked.</summary>
    internal static int ByteCount(int width, int height)
    {
        if (width <= 0 || height <= 0)
            throw new ArgumentOutOfRangeException(nameof(width), $"a picture of {width} x {height} has no pixels");
        long bytes = (long)width * height * 3;
        if (bytes > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(width), $"a picture of {width} x {height} exceeds {Array.MaxLength} bytes");
        return (int)bytes;
    }

    /// <summary>For decoders, which write every byte.</summary>
    internal static Picture Uninitialized(int width, int height) =>
        new(width, height, GC.AllocateUninitializedArray<byte>(ByteCount(width, height)));

    /// <summary>For decoders: checks the sizes that a file claims before anything is allocated.</summary>
    internal static void CheckSize(long width, long height, long offset, PictureReadOptions options)
    {
        if (width <= 0 || height <= 0)
            throw Refuse.Bad(offset, $"the header gives {width} x {height} pixels, which is no picture; save the picture again");
        // Both sides are below 2^32, so the product of two longs below 2^63 must be tested by division.
        if (width > options.MaxPixels / height || width * height * 3 > Array.MaxLength)
            throw Refuse.TooLarge(offset, $"the header gives {width} x {height} pixels, more than the limit of {options.MaxPixels}; "
                + "shrink the picture, or raise PictureReadOptions.MaxPixels if you trust the file");
    }
}
