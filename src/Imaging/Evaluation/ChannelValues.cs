namespace ResNeSt.Imaging;

/// <summary>One number for each colour channel, in units where a full channel is 1.</summary>
/// <param name="Red">For the first plane.</param>
/// <param name="Green">For the second plane.</param>
/// <param name="Blue">For the third plane.</param>
public readonly record struct ChannelValues(float Red, float Green, float Blue)
{
    /// <summary>Means of ImageNet's training pictures, as all the models here use them.</summary>
    public static ChannelValues ImageNetMean { get; } = new(0.485f, 0.456f, 0.406f);

    /// <summary>Standard deviations of ImageNet's training pictures, as all the models here use them.</summary>
    public static ChannelValues ImageNetDeviation { get; } = new(0.229f, 0.224f, 0.225f);
}
