using ResNeSt.Imaging;

namespace ResNeSt.Training;

/// <summary>Pictures of one size in memory, one byte a value, planes one behind the other.</summary>
public sealed class MemoryDataset : PictureDataset
{
    private readonly string _name;
    private readonly byte[] _planes;
    private readonly byte[] _labels;
    private readonly int _height;
    private readonly int _width;
    private readonly string[] _classes;

    /// <param name="name">Of the set, for messages.</param>
    /// <param name="planes">[count, channels, height, width].</param>
    /// <param name="labels">[count], each below the number of classes.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="classes">The names of the classes.</param>
    public MemoryDataset(string name, byte[] planes, byte[] labels, int channels, int height, int width, string[] classes)
    {
        if (channels is not (1 or 3) || planes.Length != (long)labels.Length * channels * height * width)
            throw new ArgumentException($"{planes.Length} bytes for {labels.Length} pictures of [{channels}, {height}, {width}]", nameof(planes));
        (_name, _planes, _labels, Channels, _height, _width, _classes) = (name, planes, labels, channels, height, width, classes);
    }

    /// <inheritdoc/>
    public override int Count => _labels.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => _classes;

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override string Name(int index) => $"{_name} {index}";

    /// <inheritdoc/>
    public override int Label(int index) => _labels[index];

    /// <inheritdoc/>
    public override Picture Read(int index)
    {
        int plane = _height * _width;
        var from = _planes.AsSpan(index * Channels * plane, Channels * plane);
        var picture = new Picture(_width, _height);
        var pixels = picture.Pixels;
        for (int c = 0; c < 3; c++)
        {
            var source = from.Slice(Channels == 1 ? 0 : c * plane, plane);
            for (int i = 0; i < plane; i++)
                pixels[3 * i + c] = source[i];
        }

        return picture;
    }
}
