using System.Runtime.CompilerServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A 3×3 convolution by Winograd's algorithm: a chunk transforms the inputs of its tiles; then, panel by panel of output channels, it multiplies
/// at all positions and transforms back, with bias, residual, activation and plane sums.</summary>
/// <remarks>Transformed inputs lie [position][block][tile][16 channels], in the second-level cache. Products of one row of positions lie
/// [tile][position][panel], in the first-level cache, and are transformed along the row at once: fewer numbers wait for the other rows.
/// Weights are read once a chunk, in the order in which they lie.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <typeparam name="TTransform">The size of the tiles.</typeparam>
internal sealed unsafe class WinogradConv<TLanes, TTransform> : PackedConv
    where TLanes : struct, ILanes<TLanes>
    where TTransform : struct, IWinogradTransform
{
    private const int Block = BlockedLayout.Block;

    private readonly ConvProblem _problem;
    private readonly WinogradPlan _plan;
    private readonly Dictionary<int, int[][]> _covers = []; // by tiles; then by the blocks of a panel less one
    private readonly int _panelBlocks;
    private readonly WinogradWeights<TTransform> _weights;
    private readonly float[] _bias;

    public WinogradConv(ConvProblem problem, GraphConstant weight, GraphConstant bias)
    {
        _problem = problem;
        _plan = new WinogradPlan(problem, TTransform.Outputs);
        _panelBlocks = _plan.Panels.Max(panel => panel.Blocks);
        foreach (var chunk in _plan.Chunks)
        {
            if (_covers.ContainsKey(chunk.Area.Tiles))
                continue;
            int[][] covers = new int[_panelBlocks][];
            for (int blocks = 1; blocks <= _panelBlocks; blocks++)
                covers[blocks - 1] = WinogradTiles<TLanes>.Cover(chunk.Area.Tiles, Math.Min(blocks, WinogradTiles<TLanes>.MaxVectors));
            _covers[chunk.Area.Tiles] = covers;
        }

        _weights = new WinogradWeights<TTransform>(problem, _plan, weight);
        _bias = new float[(problem.OutputChannels + Block - 1) / Block * Block];
        var values = bias.ToDoubles();
        for (int i = 0; i < values.Length; i++)
            _bias[i] = (float)values[i];
    }

    public override long WeightBytes => _weights.ByteLength;

    public override int Chunks => _plan.Chunks.Count;

    public override int PoolParts => _problem.Epilogue.PoolRadix > 0 ? _plan.Parts : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunChunk(int index, int before, in ConvMemory memory)
    {
        var chunk = _plan.Chunks[index];
        var (area, segment) = (chunk.Area, chunk.Segment);
        int[][] covers = _covers[area.Tiles];
        int slots = 0;
        foreach (int[] widths in covers)
            slots = Math.Max(slots, Sum(widths));

        // Odd numbers of cache lines between positions and between tiles: powers of two would meet in few sets of the first-level cache.
        int extent = TTransform.Outputs + 2;
        nint blockStep = (nint)slots * Block;
        nint inputStep = ((nint)segment.Blocks * slots | 1) * Block;
        nint tileStep = ((nint)extent * _panelBlocks | 1) * Block;
        nint halfStep = ((nint)extent * TTransform.Outputs | 1) * Block;
        nint inputs = inputStep * _plan.Positions, products = tileStep * slots, half = halfStep * area.Tiles;
        float* v = ThreadScratch.Floats(ThreadScratch.Use.Panels, inputs + products + _panelBlocks * half + TTransform.ScratchLength + _weights.ScratchLength);
        float* m = v + inputs;
        float* halves = m + products;
        float* scratch = halves + _panelBlocks * half;
        float* weights = scratch + TTransform.ScratchLength;

        if (before < 0 || !chunk.SeesInputsOf(_plan.Chunks[before]))
            TransformInput(area, segment, memory, v, blockStep, inputStep, slots, scratch);
        for (int i = segment.FirstPanel; i < segment.FirstPanel + segment.Panels; i++)
        {
            var panel = _plan.Panels[i];
            int[] cover = covers[panel.Blocks - 1];
            float* u = _weights.Panel<TLanes>(panel, weights);
            float* seen = v + (panel.FirstChannel / Block - segment.FirstBlock) * blockStep;
            for (int row = 0; row < extent; row++)
            {
                Multiply(panel, u, row * extent, extent, cover, seen, blockStep, inputStep, m, tileStep);
                for (int block = 0; block < panel.Blocks; block++)
                {
                    TTransform.TransformRows<TLanes>(
                        m + block * Block, panel.Width, tileStep, area.Tiles, halves + block * half + row * TTransform.Outputs * Block, halfStep);
                }
            }

            for (int block = 0; block < panel.Blocks; block++)
                TransformOutput(area, panel.Block + block, memory, halves + block * half, halfStep);
        }

        GC.KeepAlive(this);
    }

    public override void Dispose() => _weights.Dispose();

    private static int Sum(int[] widths)
    {
        int sum = 0;
        foreach (int width in widths)
            sum += width;
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformInput(
        WinogradArea area, WinogradSegment segment, in ConvMemory memory, float* v, nint blockStep, nint inputStep, int slots, float* scratch)
    {
        var layout = memory.InputLayout;
        int left = area.Column * TTransform.Outputs - _problem.Geometry.PadLeft;
        for (int block = 0; block < segment.Blocks; block++)
        {
            float* target = v + block * blockStep;
            for (int n = area.Picture; n < area.Picture + area.Pictures; n++)
            {
                for (int row = area.Row; row < area.Row + area.Rows; row++)
                {
                    nint from = layout.Offset(n, segment.FirstBlock + block, row * TTransform.Outputs - _problem.Geometry.PadTop, left);
                    TTransform.TransformInput<TLanes>(memory.Input + from, layout.RowStride, area.Columns, target, inputStep, scratch);
                    target += area.Columns * Block;
                }
            }

            // Slots behind the last tile are multiplied too, and never looked at; but what lies there might be slow to compute with.
            for (int position = 0; position < _plan.Positions && slots > area.Tiles; position++)
                new Span<float>(target + position * inputStep, (slots - area.Tiles) * Block).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(WinogradPanel panel, float* u, int firstPosition, int positions, int[] cover, float* v, nint blockStep, nint inputStep, float* m, nint tileStep)
    {
        int vectors = Math.Min(panel.Width / TLanes.Count, WinogradTiles<TLanes>.MaxVectors), slice = vectors * TLanes.Count;
        int lane = panel.FirstChannel % Block;
        nint length = (nint)panel.Channels * panel.Width;
        int calls = panel.Width / slice * cover.Length;
        nint nextStep = Math.Min(NativeMemoryPool.Alignment / sizeof(float), (panel.Width + calls - 1) / calls);
        u += firstPosition * length;
        v += firstPosition * inputStep + lane;
        for (int position = 0; position < positions; position++)
        {
            // All register tiles together fetch the weights of the next position, or of the next panel behind the last one.
            float* next = u + length;
            for (int from = 0; from < panel.Width; from += slice)
            {
                float* tiles = v;
                float* results = m + from;
                foreach (int width in cover)
                {
                    WinogradTiles<TLanes>.Find(width, vectors)(tiles, blockStep, Block - lane, panel.Channels, u + from, panel.Width, results, tileStep, next, nextStep);
                    tiles += width * Block;
                    results += width * tileStep;
                    next += panel.Channels * nextStep;
                }
            }

            u += length;
            v += inputStep;
            m += panel.Width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformOutput(WinogradArea area, int block, in ConvMemory memory, float* source, nint tileStep)
    {
        var layout = memory.OutputLayout;
        float* sums = stackalloc float[Block];
        float* bias = stackalloc float[Block];
        _bias.AsSpan(block * Block, Block).CopyTo(new Span<float>(bias, Block));
        int y = area.Row * TTransform.Outputs, x = area.Column * TTransform.Outputs;
        WinogradOutputRow row = default;
        row.TileStep = tileStep;
        row.Tiles = area.Columns;
        row.Columns = Math.Min(area.Columns * TTransform.Outputs, _problem.OutputWidth - x);
        row.Bias = bias;
        row.DestinationRow = layout.RowStride;
        row.ResidualRow = memory.Residual == null ? 0 : memory.ResidualLayout.RowStride;
        row.Sums = memory.PoolSums == null ? null : sums;
        row.Source = source;
        for (int n = area.Picture; n < area.Picture + area.Pictures; n++)
        {
            new Span<float>(sums, Block).Clear();
            for (int i = 0; i < area.Rows; i++)
            {
                int top = y + i * TTransform.Outputs;
                row.Rows = Math.Min(TTransform.Outputs, _problem.OutputHeight - top);
                row.Destination = memory.Output + layout.Offset(n, block, top, x);
                row.Residual = memory.Residual == null ? null : memory.Residual + memory.ResidualLayout.Offset(n, block, top, x);
                StoreRow(&row);
                row.Source += area.Columns * tileStep;
            }

            // The zeros around these rows belong to whoever computes their beginning.
            if (area.Column == 0)
                BlockedBorder.Clear(memory.Output, layout, n, block, block + 1, y, Math.Min(layout.Height, (area.Row + area.Rows) * TTransform.Outputs));
            if (memory.PoolSums != null)
            {
                float* target = memory.PoolSums + ((nint)(area.Part * _problem.Batch + n) * layout.Blocks + block) * Block;
                new ReadOnlySpan<float>(sums, Block).CopyTo(new Span<float>(target, Block));
            }
        }
    }

    private void StoreRow(WinogradOutputRow* row)
    {
        if (_problem.Epilogue.Activation == ActivationKind.Silu)
            TTransform.TransformColumns<TLanes, SiluOperator>(row, default);
        else
        {
            float least = _problem.Epilogue.Activation == ActivationKind.None ? float.NegativeInfinity : 0;
            float most = _problem.Epilogue.Activation == ActivationKind.Relu6 ? 6 : float.PositiveInfinity;
            TTransform.TransformColumns<TLanes, ClampOperator>(row, new ClampOperator(least, most));
        }
    }
}
