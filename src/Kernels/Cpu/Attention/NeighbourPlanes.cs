namespace ResNeSt.Kernels.Cpu;

/// <summary>A plane three times, moved by one column to either side, with a row of zeros above and below: what tap (i, j) of a 3×3
/// window sees from position p of the plane is element i·width + p of copy j. So vectors run over the whole plane, however short its rows.</summary>
/// <typeparam name="TLanes">The vectors.</typeparam>
internal readonly unsafe struct NeighbourPlanes<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Copies = 3;

    private readonly float* _copies;
    private readonly int _height;
    private readonly int _width;

    /// <summary>Memory of the current thread for a plane; valid until the next use of its stage.</summary>
    public NeighbourPlanes(int height, int width)
    {
        (_height, _width) = (height, width);
        _copies = ThreadScratch.Floats(ThreadScratch.Use.Stage, Copies * (long)Extent);
    }

    /// <summary>Elements of a copy.</summary>
    private int Extent => (_height + 2) * _width;

    /// <summary>What a tap sees from position zero; the other positions follow.</summary>
    public float* Tap(int tap) => _copies + (nint)(tap % Copies) * Extent + tap / Copies * _width;

    /// <summary>All zeros, to sum into.</summary>
    public void Clear() => new Span<float>(_copies, Copies * Extent).Clear();

    /// <summary>Takes in a plane.</summary>
    public void Fill(float* plane)
    {
        for (int copy = 0; copy < Copies; copy++)
        {
            float* target = _copies + (nint)copy * Extent;
            new Span<float>(target, _width).Clear();
            new Span<float>(target + (_height + 1) * _width, _width).Clear();
            int move = copy - 1, from = Math.Max(0, -move), length = Math.Max(0, _width - Math.Abs(move));
            for (int row = 0; row < _height; row++)
            {
                float* line = target + (row + 1) * _width;
                line[move < 0 ? 0 : _width - 1] = 0;
                new Span<float>(plane + row * _width + from + move, length).CopyTo(new Span<float>(line + from, length));
            }
        }
    }

    /// <summary>Adds the copies up again, each element to where <see cref="Fill"/> would have taken it from.</summary>
    public void Collect(float* plane)
    {
        float* left = _copies + _width, middle = left + Extent, right = middle + Extent;
        for (int row = 0; row < _height; row++)
        {
            int line = row * _width;
            new Span<float>(middle + line, _width).CopyTo(new Span<float>(plane + line, _width));
            Add(left + line + 1, plane + line, _width - 1);
            Add(right + line, plane + line + 1, _width - 1);
        }
    }

    /// <summary>sum += a·b.</summary>
    public static void AddProduct(float* a, float* b, float* sum, int count)
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            TLanes.MultiplyAdd(TLanes.Load(a + i), TLanes.Load(b + i), TLanes.Load(sum + i)).Store(sum + i);
        for (; i < count; i++)
            sum[i] = float.MultiplyAddEstimate(a[i], b[i], sum[i]);
    }

    private static void Add(float* x, float* sum, int count)
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            (TLanes.Load(sum + i) + TLanes.Load(x + i)).Store(sum + i);
        for (; i < count; i++)
            sum[i] += x[i];
    }
}
