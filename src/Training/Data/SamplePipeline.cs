using ResNeSt.Imaging;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>How a picture becomes a place of a batch: augmentation or evaluation crop, lighting, normalisation, erasing.</summary>
public sealed record SamplePipeline
{
    /// <summary>Random changes, in order; the last must yield pictures of <see cref="Size"/>.</summary>
    public IReadOnlyList<PictureAugmentation> Steps { get; init; } = [];

    /// <summary>Crop and resize without chance, behind the steps; null where pictures have the size already.</summary>
    public Func<Picture, Picture>? Fit { get; init; }

    /// <summary>Rows and columns of the result.</summary>
    public required int Size { get; init; }

    /// <summary>Planes of the result: 3, or 1 for grey pictures.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Subtracted from values in 0..1.</summary>
    public ChannelValues Mean { get; init; } = ChannelValues.ImageNetMean;

    /// <summary>Divides what is left.</summary>
    public ChannelValues Deviation { get; init; } = ChannelValues.ImageNetDeviation;

    /// <summary>Lighting noise, or null.</summary>
    public PcaLighting? Lighting { get; init; }

    /// <summary>Erasing, or null.</summary>
    public RandomErasing? Erasing { get; init; }

    /// <summary>Writes [Channels, Size, Size].</summary>
    /// <exception cref="DataFileException">The picture has another size, and nothing makes it fit.</exception>
    public void Write(Picture picture, Generator generator, Span<float> planes)
    {
        foreach (var step in Steps)
            picture = step.Apply(picture, generator);
        picture = Fit?.Invoke(picture) ?? picture;
        if (picture.Width != Size || picture.Height != Size)
            throw new DataFileException(DataFileErrorKind.SizeMismatch, $"a picture of {picture.Width} x {picture.Height} where {Size} x {Size} is needed; choose a recipe that crops");
        // Lighting adds to values in 0..1, which is to subtract from the mean.
        var shift = Lighting?.Draw(generator) ?? default;
        var mean = new ChannelValues(Mean.Red - shift.Red, Mean.Green - shift.Green, Mean.Blue - shift.Blue);
        if (Channels == 3)
            Normalization.Apply(picture, mean, Deviation, planes);
        else
            WriteGrey(picture, mean.Red, planes);
        Erasing?.Apply(planes, Channels, Size, Size, generator);
    }

    private void WriteGrey(Picture picture, float mean, Span<float> plane)
    {
        var pixels = picture.Pixels;
        for (int i = 0; i < plane.Length; i++)
            plane[i] = (pixels[3 * i] / 255f - mean) / Deviation.Red;
    }
}
