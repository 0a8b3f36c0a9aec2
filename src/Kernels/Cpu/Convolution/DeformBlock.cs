namespace ResNeSt.Kernels.Cpu;

/// <summary>Sixteen channels of an image side by side, within a border of zeros, so that a bilinear sample of all of them is four loads
/// whatever its place; unused channels hold nothing of meaning.</summary>
/// <typeparam name="TLanes">The vectors.</typeparam>
internal readonly unsafe struct DeformBlock<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private readonly int _height;
    private readonly int _width;
    private readonly int _channels;
    private readonly int _line;

    /// <summary>Memory of the current thread, uninitialised; valid until the next use of its stage.</summary>
    public DeformBlock(int height, int width, int channels)
    {
        (_height, _width, _channels) = (height, width, channels);
        _line = (width + 2 * DeformBlock.Border) * DeformBlock.Channels;
        Pixels = ThreadScratch.Floats(ThreadScratch.Use.Stage, Length);
    }

    /// <summary>The first pixel of the border.</summary>
    public float* Pixels { get; }

    private long Length => (_height + 2 * DeformBlock.Border) * (long)_line;

    /// <summary>All zeros, to sum into.</summary>
    public void Clear() => new Span<float>(Pixels, checked((int)Length)).Clear();

    /// <summary>Takes in the planes of its channels.</summary>
    public void Fill(float* planes)
    {
        Clear();
        for (int row = 0; row < _height; row++)
            TileTranspose.Run((byte*)(planes + row * _width), _height * _width, (byte*)Inner(row), DeformBlock.Channels, _channels, _width, sizeof(float));
    }

    /// <summary>Gives out the planes of its channels.</summary>
    public void Collect(float* planes)
    {
        for (int row = 0; row < _height; row++)
            TileTranspose.Run((byte*)Inner(row), DeformBlock.Channels, (byte*)(planes + row * _width), _height * _width, _width, _channels, sizeof(float));
    }

    /// <summary>The samples of some places, side by side like the pixels: their weighted means times the mask.</summary>
    public void Sample(in DeformPlaces places, long first, int count, float* samples)
    {
        for (int i = 0; i < count; i++, samples += DeformBlock.Channels)
        {
            float* pixel = Pixels + (nint)places.Pixels[first + i] * DeformBlock.Channels;
            var (w00, w01, w10, w11) = Weights(places, first + i);
            for (int lane = 0; lane < DeformBlock.Channels; lane += TLanes.Count)
            {
                float* p = pixel + lane, q = p + _line;
                var sum = TLanes.Load(p) * w00;
                sum = TLanes.MultiplyAdd(TLanes.Load(p + DeformBlock.Channels), w01, sum);
                sum = TLanes.MultiplyAdd(TLanes.Load(q), w10, sum);
                TLanes.MultiplyAdd(TLanes.Load(q + DeformBlock.Channels), w11, sum).Store(samples + lane);
            }
        }
    }

    /// <summary>The transposed map: each sample is added to the pixels it would have been mixed from.</summary>
    public void Add(in DeformPlaces places, long first, int count, float* samples)
    {
        for (int i = 0; i < count; i++, samples += DeformBlock.Channels)
        {
            float* pixel = Pixels + (nint)places.Pixels[first + i] * DeformBlock.Channels;
            var (w00, w01, w10, w11) = Weights(places, first + i);
            for (int lane = 0; lane < DeformBlock.Channels; lane += TLanes.Count)
            {
                float* p = pixel + lane, q = p + _line;
                var sample = TLanes.Load(samples + lane);
                AddTo(p, sample, w00);
                AddTo(p + DeformBlock.Channels, sample, w01);
                AddTo(q, sample, w10);
                AddTo(q + DeformBlock.Channels, sample, w11);
            }
        }
    }

    /// <summary>Upstream gradients times slope by row, slope by column and value at some places, still channel by channel; the first of
    /// them takes the place of the gradients.</summary>
    public void Slopes(in DeformPlaces places, long first, int count, float* rows, float* columns, float* values)
    {
        for (int i = 0; i < count; i++)
        {
            float* pixel = Pixels + (nint)places.Pixels[first + i] * DeformBlock.Channels;
            TLanes down = TLanes.Broadcast(places.Down[first + i]), right = TLanes.Broadcast(places.Right[first + i]);
            for (int lane = 0; lane < DeformBlock.Channels; lane += TLanes.Count)
            {
                float* p = pixel + lane, q = p + _line;
                int at = i * DeformBlock.Channels + lane;
                TLanes upper = TLanes.Load(p), lower = TLanes.Load(q);
                TLanes along = TLanes.Load(p + DeformBlock.Channels) - upper, below = TLanes.Load(q + DeformBlock.Channels) - lower;
                var slope = TLanes.MultiplyAdd(right, below - along, lower - upper);
                var gradient = TLanes.Load(rows + at);
                (gradient * slope).Store(rows + at);
                (gradient * TLanes.MultiplyAdd(down, below - along, along)).Store(columns + at);
                (gradient * TLanes.MultiplyAdd(down, slope, TLanes.MultiplyAdd(right, along, upper))).Store(values + at);
            }
        }
    }

    private static (TLanes W00, TLanes W01, TLanes W10, TLanes W11) Weights(in DeformPlaces places, long at)
    {
        float down = places.Down[at], right = places.Right[at], mask = places.Mask[at];
        float upper = (1 - down) * mask, lower = down * mask;
        return (TLanes.Broadcast(upper * (1 - right)), TLanes.Broadcast(upper * right), TLanes.Broadcast(lower * (1 - right)), TLanes.Broadcast(lower * right));
    }

    private static void AddTo(float* target, TLanes value, TLanes weight) => TLanes.MultiplyAdd(value, weight, TLanes.Load(target)).Store(target);

    private float* Inner(int row) => Pixels + (nint)(row + DeformBlock.Border) * _line + DeformBlock.Border * DeformBlock.Channels;
}

/// <summary>What all widths of <see cref="DeformBlock{TLanes}"/> share.</summary>
internal static class DeformBlock
{
    /// <summary>Channels of a block: the lanes of the widest vector.</summary>
    public const int Channels = 16;

    /// <summary>Zeros around the image: a place out of reach has both its neighbours there.</summary>
    public const int Border = 2;

    /// <summary>Places that are worked on at once.</summary>
    public const int Chunk = 64;

    /// <summary>Number of a pixel, for rows and columns from -<see cref="Border"/> on.</summary>
    public static int Pixel(int row, int column, int width) => (row + Border) * (width + 2 * Border) + column + Border;

    /// <summary>Blocks of the channels of an offset group.</summary>
    public static int Count(int channels) => (channels + Channels - 1) / Channels;
}
