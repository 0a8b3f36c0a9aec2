namespace ResNeSt.Kernels.Cpu;

/// <summary>How a Winograd convolution is divided: panels of output channels with the input channels that they see, and chunks of work. Fixed by the shape alone.</summary>
/// <remarks>The pieces are classes, not structures: lists of structures are compiled while the program starts, lists of references are part of the runtime.</remarks>
internal sealed class WinogradPlan
{
    /// <summary>Output channels of a panel at most.</summary>
    public const int PanelWidth = 3 * BlockedLayout.Block;

    // Transformed inputs of a chunk shall stay in the second-level cache beside the products and, if they are small, the weights. Larger weights
    // come from memory for every area: then the areas are larger.
    private const long SmallWeightBytes = 512 << 10;
    private const long InputBytes = 144 << 10;
    private const long InputBytesBesideLargeWeights = 576 << 10;

    // Each weight that is loaded is multiplied with so many tiles, if the images have them; fewer, and large layers wait for their weights.
    private const int FewestTiles = 32;
    private const int MostTiles = 56;

    // Time of a panel of two blocks in units of one of a single block.
    private const double PairTime = 1.1;

    // Small groups are put together until they see so many blocks of inputs.
    private const int SmallSegment = 4;

    // Enough chunks for a few threads; but each transforms its inputs, which shall pay for some panels.
    private const int WantedChunks = 8;
    private const int WantedPanels = 4;
    private const int LeastChunks = 4;

    public WinogradPlan(ConvProblem problem, int outputs)
    {
        Outputs = outputs;
        Positions = (outputs + 2) * (outputs + 2);
        TileRows = (problem.OutputHeight + outputs - 1) / outputs;
        TileColumns = (problem.OutputWidth + outputs - 1) / outputs;
        Panels = DividePanels(problem);
        foreach (var panel in Panels)
            WeightLength += panel.WeightLength(Positions);

        var segments = DivideSegments();
        int widest = 0;
        foreach (var segment in segments)
            widest = Math.Max(widest, segment.Blocks);
        long weights = WeightLength / segments.Count * sizeof(float);
        var areas = DivideAreas(problem.Batch, widest, weights <= SmallWeightBytes ? InputBytes : InputBytesBesideLargeWeights);
        int fewest = segments.Min(segment => segment.Panels), pieces = 1;
        while (areas.Count * segments.Count * pieces is var chunks && (fewest / (2 * pieces) >= WantedPanels ? chunks < WantedChunks : fewest >= 2 * pieces && chunks < LeastChunks))
            pieces *= 2;

        // The areas of one piece one after the other: its weights are still in the cache.
        foreach (var segment in segments)
        {
            for (int piece = 0; piece < pieces; piece++)
            {
                int from = segment.FirstPanel + segment.Panels * piece / pieces, to = segment.FirstPanel + segment.Panels * (piece + 1) / pieces;
                foreach (var area in areas)
                    Chunks.Add(new WinogradChunk(area, new WinogradSegment(from, to - from, segment.FirstBlock, segment.Blocks)));
            }
        }
    }

    /// <summary>m: rows and columns of outputs of a tile.</summary>
    public int Outputs { get; }

    /// <summary>Positions of a transformed tile.</summary>
    public int Positions { get; }

    /// <summary>Rows of tiles of a picture.</summary>
    public int TileRows { get; }

    /// <summary>Columns of tiles of a picture.</summary>
    public int TileColumns { get; }

    /// <summary>Panels in the order of their outputs; weights lie in the same order.</summary>
    public WinogradPanel[] Panels { get; }

    /// <summary>Transformed weights of all panels.</summary>
    public long WeightLength { get; }

    /// <summary>Pieces of work.</summary>
    public List<WinogradChunk> Chunks { get; } = [];

    /// <summary>Areas of a picture with sums of their own.</summary>
    public int Parts { get; private set; }

    private WinogradPanel[] DividePanels(ConvProblem problem)
    {
        var panels = new List<WinogradPanel>();
        int blocks = (problem.OutputChannels + BlockedLayout.Block - 1) / BlockedLayout.Block;
        long offset = 0;
        for (int block = 0; block < blocks;)
        {
            // Two blocks together take little more time than one, for which each pixel is loaded too; unless they see no inputs in common. Three need the
            // fewest loads, if they see the same inputs and leave none alone.
            var panel = Panel(problem, block, 1, offset);
            if (DirectAlgorithm.VectorBits == 512 && Alike(problem, block, blocks) is 3 or 5)
            {
                panel = Panel(problem, block, 3, offset);
            }
            else if (block + 1 < blocks)
            {
                var both = Panel(problem, block, 2, offset);
                if (PairTime * both.Channels <= panel.Channels + Panel(problem, block + 1, 1, offset).Channels)
                    panel = both;
            }

            panels.Add(panel);
            offset += panel.WeightLength(Positions);
            block += panel.Blocks;
        }

        return [.. panels];
    }

    // Blocks from this one on that see the same inputs; not more than five are counted.
    private static int Alike(ConvProblem problem, int block, int blocks)
    {
        int inputs = Panel(problem, block, 1, 0).Channels, count = 1;
        while (count < 5 && block + count < blocks && Panel(problem, block, count + 1, 0).Channels == inputs)
            count++;
        return count;
    }

    private static WinogradPanel Panel(ConvProblem problem, int block, int blocks, long offset)
    {
        int first = block * BlockedLayout.Block, last = Math.Min(problem.OutputChannels, first + blocks * BlockedLayout.Block) - 1;
        int from = first / problem.GroupOutputs * problem.GroupInputs, to = (last / problem.GroupOutputs + 1) * problem.GroupInputs;
        return new WinogradPanel(block, blocks, from, to - from, offset);
    }

    /// <summary>Runs of panels that see the same inputs, small ones put together.</summary>
    private List<WinogradSegment> DivideSegments()
    {
        var segments = new List<WinogradSegment>();
        for (int i = 0; i < Panels.Length; i++)
        {
            var panel = Panels[i];
            int from = panel.FirstChannel / BlockedLayout.Block, to = (panel.FirstChannel + panel.Channels - 1) / BlockedLayout.Block + 1;
            if (segments.Count > 0)
            {
                var last = segments[^1];
                int end = Math.Max(to, last.FirstBlock + last.Blocks);
                if ((from == last.FirstBlock && to == end) || end - last.FirstBlock <= SmallSegment)
                {
                    segments[^1] = last with { Panels = last.Panels + 1, Blocks = end - last.FirstBlock };
                    continue;
                }
            }

            segments.Add(new WinogradSegment(i, 1, from, to - from));
        }

        return segments;
    }

    /// <summary>Whole pictures together where they are small, else rectangles of tiles of one picture.</summary>
    private List<WinogradArea> DivideAreas(int batch, int blocks, long inputBytes)
    {
        long tileBytes = (long)Positions * blocks * BlockedLayout.Block * sizeof(float);
        int tiles = (int)Math.Clamp(inputBytes / tileBytes, FewestTiles, MostTiles);
        int picture = TileRows * TileColumns;
        var areas = new List<WinogradArea>();
        if (picture <= tiles)
        {
            Parts = 1;
            foreach (var (from, count) in Divide(batch, tiles / picture))
                areas.Add(new WinogradArea(from, count, 0, TileRows, 0, TileColumns, 0));
            return areas;
        }

        var columns = Divide(TileColumns, tiles);
        var rows = Divide(TileRows, Math.Max(1, tiles / ((TileColumns + columns.Count - 1) / columns.Count)));
        Parts = rows.Count * columns.Count;
        for (int n = 0; n < batch; n++)
        {
            int part = 0;
            foreach (var (row, rowCount) in rows)
            {
                foreach (var (column, columnCount) in columns)
                    areas.Add(new WinogradArea(n, 1, row, rowCount, column, columnCount, part++));
            }
        }

        return areas;
    }

    /// <summary>Parts of nearly equal length, none longer than <paramref name="longest"/>.</summary>
    private static List<(int From, int Count)> Divide(int count, int longest)
    {
        int parts = (count + longest - 1) / longest;
        var result = new List<(int From, int Count)>(parts);
        for (int i = 0; i < parts; i++)
        {
            int from = (int)((long)count * i / parts);
            result.Add((from, (int)((long)count * (i + 1) / parts) - from));
        }

        return result;
    }
}

/// <summary>One to three blocks of output channels, with the input channels of the groups to which they belong.</summary>
/// <param name="Block">First block of outputs.</param>
/// <param name="Blocks">One, two, or three for AVX-512.</param>
/// <param name="FirstChannel">First input channel.</param>
/// <param name="Channels">Input channels.</param>
/// <param name="WeightOffset">Index of its first transformed weight: [position][input channel][output channel].</param>
internal sealed record WinogradPanel(int Block, int Blocks, int FirstChannel, int Channels, long WeightOffset)
{
    /// <summary>Output channels with those behind the last one.</summary>
    public int Width => Blocks * BlockedLayout.Block;

    /// <summary>Its transformed weights.</summary>
    public long WeightLength(int positions) => (long)positions * Channels * Width;
}

/// <summary>Consecutive panels and the blocks of inputs that they see together.</summary>
internal sealed record WinogradSegment(int FirstPanel, int Panels, int FirstBlock, int Blocks);

/// <summary>A rectangle of tiles of some pictures; more than one picture only as a whole.</summary>
/// <param name="Picture">First picture.</param>
/// <param name="Pictures">Number of pictures.</param>
/// <param name="Row">First row of tiles.</param>
/// <param name="Rows">Rows of tiles.</param>
/// <param name="Column">First column of tiles.</param>
/// <param name="Columns">Columns of tiles.</param>
/// <param name="Part">Set of partial plane sums.</param>
internal sealed record WinogradArea(int Picture, int Pictures, int Row, int Rows, int Column, int Columns, int Part)
{
    /// <summary>Number of tiles.</summary>
    public int Tiles => Pictures * Rows * Columns;
}

/// <summary>What one thread does at a time.</summary>
internal sealed record WinogradChunk(WinogradArea Area, WinogradSegment Segment)
{
    /// <summary>Whether both transform the same inputs.</summary>
    public bool SeesInputsOf(WinogradChunk other) =>
        ReferenceEquals(Area, other.Area) && Segment.FirstBlock == other.Segment.FirstBlock && Segment.Blocks == other.Segment.Blocks;
}
