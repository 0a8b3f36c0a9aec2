using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Samples ready for the network, in host memory.</summary>
public sealed class Batch
{
    /// <param name="pixels">[Count, Channels, Height, Width].</param>
    /// <param name="labels">The class of each sample.</param>
    /// <param name="channels">Channels of a sample.</param>
    /// <param name="height">Rows of a sample.</param>
    /// <param name="width">Columns of a sample.</param>
    /// <param name="skipped">Samples that could not be read, with the reason.</param>
    public Batch(float[] pixels, long[] labels, int channels, int height, int width, IReadOnlyList<SkippedSample>? skipped = null)
    {
        if (pixels.Length != labels.Length * channels * height * width)
            throw new ArgumentException($"{pixels.Length} values for [{labels.Length}, {channels}, {height}, {width}]", nameof(pixels));
        Pixels = pixels;
        Labels = labels;
        Channels = channels;
        Height = height;
        Width = width;
        Skipped = skipped ?? [];
    }

    /// <summary>[Count, Channels, Height, Width].</summary>
    public float[] Pixels { get; }

    /// <summary>The class of each sample.</summary>
    public long[] Labels { get; }

    /// <summary>Number of samples.</summary>
    public int Count => Labels.Length;

    /// <summary>Channels of a sample.</summary>
    public int Channels { get; }

    /// <summary>Rows of a sample.</summary>
    public int Height { get; }

    /// <summary>Columns of a sample.</summary>
    public int Width { get; }

    /// <summary>Samples of this batch that could not be read and were left out.</summary>
    public IReadOnlyList<SkippedSample> Skipped { get; }

    /// <summary>Values of one sample.</summary>
    public int SampleLength => Channels * Height * Width;

    /// <summary>The pixels as a tensor.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where.</param>
    public Tensor ToTensor(DType dtype, Device device)
    {
        Shape shape = [Count, Channels, Height, Width];
        if (dtype == DType.F32)
            return Tensor.FromArray(Pixels, shape, device);
        return Tensor.FromDoubles(Array.ConvertAll(Pixels, value => (double)value), new TensorSpec(shape, dtype), device);
    }

    /// <summary>A part of the batch.</summary>
    public Batch Slice(int start, int count) => start == 0 && count == Count
        ? this
        : new Batch(Pixels[(start * SampleLength)..((start + count) * SampleLength)], Labels[start..(start + count)], Channels, Height, Width);
}

/// <summary>A sample that could not be read.</summary>
/// <param name="Name">Its name in the data set.</param>
/// <param name="Reason">Why, in one line.</param>
public sealed record SkippedSample(string Name, string Reason);
