using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Reads pictures of any kind that is read, recognised by content: JPEG, PNG, BMP and PPM, always to RGB.</summary>
/// <remarks>The pixels are those of Pillow's <c>Image.open(f).convert("RGB")</c>, bit for bit. Files that Pillow or libjpeg
/// would read with a warning and guessed pixels are refused. Every refusal is a <see cref="DataFileException"/>.</remarks>
public static class PictureReader
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="DataFileException">The file cannot be opened, or is no sound picture of a kind that is read.</exception>
    public static Picture Read(string path, PictureReadOptions? options = null)
    {
        options ??= PictureReadOptions.Default;
        return FileBytes.Named(path, stream => Read(stream, options));
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="DataFileException">The content is no sound picture of a kind that is read.</exception>
    public static Picture Read(Stream stream, PictureReadOptions? options = null)
    {
        options ??= PictureReadOptions.Default;
        return Read(FileBytes.ReadAll(stream, options.MaxFileBytes).Span, options);
    }

    /// <summary>Reads a picture that lies in memory.</summary>
    /// <exception cref="DataFileException">The content is no sound picture of a kind that is read.</exception>
    public static Picture Read(ReadOnlySpan<byte> data, PictureReadOptions? options = null)
    {
        options ??= PictureReadOptions.Default;
        var (picture, orientation) = Recognise(data) switch
        {
            PictureFormat.Jpeg => JpegDecoder.Decode(data, options),
            PictureFormat.Png => PngDecoder.Decode(data, options),
            PictureFormat.Bmp => (BmpDecoder.Decode(data, options), 1),
            _ => (PpmDecoder.Decode(data, options), 1),
        };
        return options.ApplyOrientation && orientation != 1 ? picture.Upright(orientation) : picture;
    }

    /// <summary>Reads only the header of a file.</summary>
    /// <exception cref="DataFileException">The file cannot be opened, or its header is none of a picture that is read.</exception>
    public static PictureInfo Identify(string path) => FileBytes.Named(path, Identify);

    /// <summary>Reads only as much of a stream as the header needs, in steps; a large block of camera data before it is read too.</summary>
    /// <exception cref="DataFileException">The header is none of a picture that is read.</exception>
    public static PictureInfo Identify(Stream stream)
    {
        var start = new FileStart(stream);
        while (true)
        {
            try
            {
                return Identify(start.Bytes);
            }
            catch (DataFileException e) when (e.Kind == DataFileErrorKind.Truncated && start.ReadMore(PictureReadOptions.Default.MaxFileBytes))
            {
                // The header goes on behind what was read so far.
            }
        }
    }

    /// <summary>Reads only the header of a picture that lies in memory.</summary>
    /// <exception cref="DataFileException">The header is none of a picture that is read.</exception>
    public static PictureInfo Identify(ReadOnlySpan<byte> data) => Recognise(data) switch
    {
        PictureFormat.Jpeg => JpegDecoder.Identify(data),
        PictureFormat.Png => PngDecoder.Identify(data),
        PictureFormat.Bmp => BmpDecoder.Identify(data),
        _ => PpmDecoder.Identify(data),
    };

    private static PictureFormat Recognise(ReadOnlySpan<byte> data)
    {
        if (data.Length >= 3 && data[0] == 0xFF && data[1] == 0xD8 && data[2] == 0xFF)
            return PictureFormat.Jpeg;
        if (data.StartsWith(PngDecoder.Signature))
            return PictureFormat.Png;
        if (data.StartsWith("BM"u8))
            return PictureFormat.Bmp;
        if (data.Length >= 3 && data[0] == 'P' && data[1] is (byte)'2' or (byte)'3' or (byte)'5' or (byte)'6' && PpmDecoder.IsSpace(data[2]))
            return PictureFormat.Ppm;
        throw ForeignFormats.Explain(data);
    }
}
