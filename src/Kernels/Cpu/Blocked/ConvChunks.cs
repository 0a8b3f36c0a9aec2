namespace ResNeSt.Kernels.Cpu;

/// <summary>A piece of a convolution's work: rows of some pictures, times panels of output channels.</summary>
/// <param name="FirstImage">The first picture.</param>
/// <param name="EndImage">The one behind the last.</param>
/// <param name="FirstRow">The first output row.</param>
/// <param name="EndRow">The one behind the last.</param>
/// <param name="Part">Number of the rows among those of the picture: its set of plane sums.</param>
/// <param name="FirstPanel">The first panel.</param>
/// <param name="EndPanel">The one behind the last.</param>
internal readonly record struct ConvChunk(int FirstImage, int EndImage, int FirstRow, int EndRow, int Part, int FirstPanel, int EndPanel)
{
    /// <summary>Whether both compute the same rows of the same pictures.</summary>
    public bool HasRowsOf(in ConvChunk other) => (FirstImage, EndImage, FirstRow, EndRow) == (other.FirstImage, other.EndImage, other.FirstRow, other.EndRow);
}

/// <summary>Divides a convolution by its shape alone: blocks of rows whose input stays in the second-level cache, and panels where those are too few.</summary>
internal sealed class ConvChunks
{
    /// <summary>Input of a chunk: leaves room in the second-level cache for a panel and the next one.</summary>
    public const long CacheBytes = 650_000;

    /// <summary>Weights that chunks may read again and again so that each prepares only what it reads.</summary>
    public const long PreparedWeightBytes = 300_000;

    // Blocks of rows of a picture that are prepared by their chunks: each reads all weights.
    private const int MostPrepared = 14;

    // A chunk takes some tens of microseconds, and not more than a large machine has threads are needed.
    private const long ChunkFlops = 4_000_000;
    private const long ChunkBytes = 500_000;
    private const int MostWanted = 64;

    private readonly int _batch;
    private readonly int _rows;
    private readonly int _panels;
    private readonly int _imagesEach;
    private readonly int _rowsEach;
    private readonly int _panelsEach;
    private readonly int _panelChunks;

    /// <param name="batch">Pictures.</param>
    /// <param name="rows">Output rows of a picture.</param>
    /// <param name="panels">Panels of output channels.</param>
    /// <param name="panelStep">Panels that must stay together.</param>
    /// <param name="rowBytes">Bytes of input for one output row, of one group.</param>
    /// <param name="flops">Work of all.</param>
    /// <param name="weightBytes">Weights of all.</param>
    /// <param name="prepares">Whether a chunk must prepare its input first: then rows are divided rather than panels, unless the weights are so many that
    /// reading them again for other rows costs more.</param>
    public ConvChunks(int batch, int rows, int panels, int panelStep, long rowBytes, long flops, long weightBytes, bool prepares)
    {
        (_batch, _rows, _panels) = (batch, rows, panels);
        int wanted = (int)Math.Clamp(Math.Max(flops / ChunkFlops, weightBytes / ChunkBytes), 1, MostWanted);
        rowBytes = Math.Max(1, rowBytes);
        int most = (int)Math.Clamp(CacheBytes / rowBytes, 1, rows);
        Parts = (rows + most - 1) / most;
        if (prepares && weightBytes <= PreparedWeightBytes)
            Parts = Math.Max(Parts, Math.Min((rows + 1) / 2, (Math.Min(wanted, MostPrepared) + batch - 1) / batch));
        _rowsEach = (rows + Parts - 1) / Parts;
        // Narrow images take two rows at a time.
        if (_rowsEach < rows)
            _rowsEach += _rowsEach & 1;
        Parts = (rows + _rowsEach - 1) / _rowsEach;
        _imagesEach = Parts > 1 ? 1 : (int)Math.Clamp(CacheBytes / (rowBytes * rows), 1, batch);
        int spatial = (batch + _imagesEach - 1) / _imagesEach * Parts;
        int units = (panels + panelStep - 1) / panelStep;
        _panelChunks = Math.Clamp((wanted + spatial - 1) / spatial, 1, units);
        _panelsEach = (units + _panelChunks - 1) / _panelChunks * panelStep;
        _panelChunks = (panels + _panelsEach - 1) / _panelsEach;
        Count = spatial * _panelChunks;
    }

    /// <summary>Number of chunks.</summary>
    public int Count { get; }

    /// <summary>Blocks of rows of a picture.</summary>
    public int Parts { get; private set; }

    /// <summary>Rows of a block, other than the last one of a picture.</summary>
    public int RowsEach => _rowsEach;

    /// <summary>One chunk. Those of the same rows follow each other, so that one thread reads weights in the order in which they lie.</summary>
    public ConvChunk this[int index]
    {
        get
        {
            int panel = index % _panelChunks * _panelsEach, spatial = index / _panelChunks;
            int part = spatial % Parts, image = spatial / Parts * _imagesEach;
            return new(image, Math.Min(image + _imagesEach, _batch), part * _rowsEach, Math.Min((part + 1) * _rowsEach, _rows), part,
                panel, Math.Min(panel + _panelsEach, _panels));
        }
    }
}
