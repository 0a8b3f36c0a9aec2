using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Direct convolution by register tiles: panels of one to four vectors of output channels, whose weights lie in the order of their use,
/// over rows of pixels; bias, residual, activation and plane sums happen before a result leaves the registers.</summary>
/// <remarks>Groups whose output channels do not fill blocks are computed in blocks of their own and then moved together. Loop order of a chunk:
/// panels, pictures, rows, tiles; while the tiles of a panel run they fetch the next panel. Where a pixel sees only itself and nothing lies
/// between the rows of the input, tiles run on from row to row.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal sealed unsafe class DirectConvolution<TLanes> : PackedConv
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;

    // Weights of a slice. Each tile reads them from the second-level cache, which keeps up with it; that they stay in the first-level cache, in slices of
    // a third of this, gains less than the sums lose that are stored and loaded again. Longer ones crowd out the pixels.
    private const int SliceBytes = 96 << 10;

    private readonly ConvProblem _problem;
    private readonly bool _planes;
    private readonly bool _staged;
    private readonly int _groupBlocks;
    private readonly ConvPanel[] _panels;
    private readonly PanelStore _weights;
    private readonly PanelStore _bias;
    private readonly RowTiling<TLanes> _tiling;
    private readonly RowTiling<TLanes>? _flat;
    private readonly RowTiling<TLanes>? _flatLast;
    private readonly ConvChunks _chunks;
    private readonly Border _need;

    /// <param name="problem">What to compute.</param>
    /// <param name="planes">Whether the input is dense and row-major.</param>
    /// <param name="weight">[K,C/groups,R,S].</param>
    /// <param name="bias">[K].</param>
    public DirectConvolution(ConvProblem problem, bool planes, GraphConstant weight, GraphConstant bias)
    {
        (_problem, _planes) = (problem, planes);
        var g = problem.Geometry;
        _staged = problem.Groups > 1 && problem.GroupOutputs % Block != 0;
        _groupBlocks = (problem.GroupOutputs + Block - 1) / Block;
        _need = DirectAlgorithm.Reach(problem);
        bool pointwise = !planes && problem is { KernelH: 1, KernelW: 1, Geometry: { StrideH: 1, StrideW: 1, PadTop: 0, PadLeft: 0 } };
        // Other windows read weights again for each tile, from the second-level cache: two vectors are as many as it delivers.
        int vectors = pointwise ? ConvTiles<TLanes>.BestVectors(problem.OutputWidth * problem.OutputHeight, problem.GroupInputs) : 2;
        (_panels, long count) = ConvPanel.Divide(problem.Groups, _groupBlocks, vectors, TLanes.Count, Steps);
        _weights = new PanelStore(problem.WeightType, count);
        _bias = new PanelStore(DType.F32, problem.Groups * _groupBlocks * Block);
        Pack(weight, bias);

        nint step = planes ? g.StrideW : g.StrideW * Block;
        _tiling = new RowTiling<TLanes>(problem.OutputWidth, problem.OutputWidth, step, _panels);
        bool prepares = planes || _staged || problem.Prologue is not { AttentionRadix: 0, Pool: null };
        long rowBytes = (long)problem.InputWidth * g.StrideH * (problem.GroupInputs + (_staged ? _groupBlocks * Block : 0)) * sizeof(float);
        // What a chunk prepares, so many output channels make up for.
        int leastChannels = problem.Prologue.Pool is not null ? 256 : problem.Prologue.AttentionRadix > 0 ? 64 : Block;
        int panelStep = Math.Max(1, leastChannels / (vectors * TLanes.Count));
        _chunks = new ConvChunks(problem.Batch, problem.OutputHeight, _panels.Length, _staged ? _panels.Length : panelStep,
            rowBytes, problem.Flops, _weights.ByteLength, prepares);
        if (pointwise)
        {
            _flat = new RowTiling<TLanes>(_chunks.RowsEach * problem.OutputWidth, problem.OutputWidth, step, _panels);
            _flatLast = new RowTiling<TLanes>((problem.OutputHeight - (_chunks.Parts - 1) * _chunks.RowsEach) * problem.OutputWidth, problem.OutputWidth, step, _panels);
        }
    }

    /// <inheritdoc/>
    public override long WeightBytes => _weights.ByteLength + _bias.ByteLength;

    /// <inheritdoc/>
    public override int Chunks => _chunks.Count;

    /// <inheritdoc/>
    public override int PoolParts => _problem.Epilogue.PoolRadix > 0 ? _chunks.Parts : 0;

    // Input channels times taps.
    private int Steps => _problem.GroupInputs * _problem.KernelH * _problem.KernelW;

    private bool SumsInTile => _problem.Epilogue.PoolRadix > 0 && !Finishes;

    // Whether results need another pass while they are in the cache.
    private bool Finishes => _staged || _problem.Epilogue.Activation == ActivationKind.Silu;

    /// <inheritdoc/>
    public override void RunChunk(int chunk, int before, in ConvMemory memory)
    {
        var piece = _chunks[chunk];
        var source = Source(piece, memory, before >= 0 && piece.HasRowsOf(_chunks[before]));
        float* output = memory.Output;
        var layout = memory.OutputLayout;
        if (_staged)
        {
            layout = new BlockedLayout(piece.EndImage - piece.FirstImage, _problem.Groups * _groupBlocks * Block, piece.EndRow - piece.FirstRow, _problem.OutputWidth, default);
            output = ThreadScratch.Floats(ThreadScratch.Use.ConvOutput, layout.BatchStride * layout.Batch);
        }

        Multiply(piece, memory, source, output, layout);
        if (_staged)
            ConvFinish<TLanes>.Gather(_problem, piece, memory, output, layout, _groupBlocks);
        var (firstBlock, endBlock) = Blocks(piece);
        if (Finishes)
            ConvFinish<TLanes>.Activate(_problem, piece, memory, firstBlock, endBlock);
        for (int n = piece.FirstImage; n < piece.EndImage; n++)
            BlockedBorder.Clear(memory.Output, memory.OutputLayout, n, firstBlock, endBlock, piece.FirstRow, piece.EndRow);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
    }

    // The input of a chunk: as it lies, or prepared in memory of this thread.
    private SourceView Source(in ConvChunk piece, in ConvMemory memory, bool isPrepared)
    {
        var g = _problem.Geometry;
        int firstRow = piece.FirstRow * g.StrideH - g.PadTop;
        int rows = (piece.EndRow - 1 - piece.FirstRow) * g.StrideH + (_problem.KernelH - 1) * g.DilationH + 1;
        int images = piece.EndImage - piece.FirstImage;
        if (_planes)
        {
            int columns = _need.Left + _problem.InputWidth + _need.Right;
            nint plane = (nint)rows * columns;
            float* planes = ThreadScratch.Floats(ThreadScratch.Use.ConvInput, images * _problem.InputChannels * plane);
            if (!isPrepared)
                PlaneRows.Fill(_problem, memory.Input, piece.FirstImage, images, firstRow, rows, _need, planes);
            return new SourceView(planes, _problem.InputChannels * plane, plane, columns, 1) - (piece.FirstImage, firstRow, -_need.Left);
        }

        if (_problem.Prologue is { AttentionRadix: 0, Pool: null })
        {
            var lies = memory.InputLayout;
            return new SourceView(memory.Input + lies.Offset(0, 0, 0, 0), lies.BatchStride, lies.BlockStride, lies.RowStride, Block);
        }

        var layout = new BlockedLayout(images, _problem.InputChannels, rows, _problem.InputWidth, new Border(0, _need.Left, 0, _need.Right));
        float* target = ThreadScratch.Floats(ThreadScratch.Use.ConvInput, images * layout.BatchStride);
        if (!isPrepared)
            PrologueRows<TLanes>.Fill(_problem, memory, piece.FirstImage, firstRow, target, layout);
        return new SourceView(target + layout.Offset(0, 0, 0, 0), layout.BatchStride, layout.BlockStride, layout.RowStride, Block)
            - (piece.FirstImage, firstRow, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(in ConvChunk piece, in ConvMemory memory, SourceView source, float* output, BlockedLayout layout)
    {
        var g = _problem.Geometry;
        var residualLayout = memory.ResidualLayout;
        bool residual = _problem.Epilogue.Residual && !_staged;
        var activation = _problem.Epilogue.Activation;
        var a = default(ConvTileArguments);
        a.High = activation == ActivationKind.Relu6 ? 6 : float.PositiveInfinity;
        a.SecondRow = g.StrideH * source.Row;
        a.BlockStep = source.Block;
        a.TapRows = _problem.KernelH;
        a.TapRowStep = g.DilationH * source.Row;
        nint rowLength = (nint)_problem.OutputWidth * Block;
        a.DestinationGap = layout.RowStride - rowLength;
        a.SecondVector = TLanes.Count == Block ? layout.BlockStride : TLanes.Count;
        a.Taps = _problem.KernelW;
        a.TapStep = g.DilationW * source.Column;
        a.BlockLanes = Block;
        int firstBlock = 0, blocks = _problem.InputChannels, firstLane = 0, lastLanes = 0;
        if (_planes)
        {
            // Taps without gaps take the place of the channels of a block.
            a.BlockLanes = g.DilationW == 1 ? _problem.KernelW : 1;
            lastLanes = (int)a.BlockLanes;
            if (g.DilationW == 1)
                a.Taps = 1;
        }

        int sumWidth = memory.OutputLayout.Blocks * Block, steps = Steps;
        bool sumsInTile = SumsInTile, clamps = !Finishes && activation != ActivationKind.None;
        int imageBase = _staged ? piece.FirstImage : 0, rowBase = _staged ? piece.FirstRow : 0;
        nint outputRow = layout.RowStride;
        nint sourceRow = g.StrideH * source.Row, sourceColumn = g.StrideW * source.Column;
        var flat = source.Row != rowLength ? null : piece.EndRow - piece.FirstRow == _chunks.RowsEach ? _flat : _flatLast;
        for (int p = piece.FirstPanel; p < piece.EndPanel; p++)
        {
            var panel = _panels[p];
            int width = panel.Vectors * TLanes.Count;
            float* weights = _weights.Read(panel.Weights, steps * width);
            float* bias = _bias.Read(panel.Channel, width);
            if (!_planes)
            {
                int firstChannel = panel.Group * _problem.GroupInputs, end = firstChannel + _problem.GroupInputs;
                firstBlock = firstChannel / Block;
                firstLane = firstChannel % Block;
                blocks = (end + Block - 1) / Block - firstBlock;
                lastLanes = end - (firstBlock + blocks - 1) * Block;
            }

            // A slice of the input channels at a time: its weights stay near while the pixels pass by. Each slice adds to what the last one left.
            int slices = _flat is null ? 1 : (int)Math.Clamp((nint)steps * width * sizeof(float) / SliceBytes, 1, blocks);
            int block = panel.Channel / Block, lane = panel.Channel % Block;
            // All tiles of a slice together fetch the weights of the next one.
            const int Line = NativeMemoryPool.Alignment / sizeof(float);
            int tiles = Tiles(piece, panel, flat);
            a.NextStep = Math.Min(Line, (width + tiles - 1) / tiles);
            for (int slice = 0; slice < slices; slice++)
            {
                int fromBlock = blocks * slice / slices, toBlock = blocks * (slice + 1) / slices;
                bool first = slice == 0, last = slice == slices - 1, adds = residual || !first;
                nint sliceLength = slices == 1 ? (nint)steps * width : (nint)(toBlock - fromBlock) * Block * width;
                a.Blocks = toBlock - fromBlock;
                a.FirstLane = first ? firstLane : 0;
                a.LastLanes = last ? lastLanes : a.BlockLanes;
                a.Weights = first ? weights : weights + ((nint)fromBlock * Block - firstLane) * width;
                a.Bias = first ? bias : null;
                a.Clamps = clamps && last;
                a.Next = a.Weights + sliceLength;
                nint nextTile = a.NextStep * (sliceLength / width);
                var addLayout = first ? residualLayout : layout;
                nint addRow = addLayout.RowStride;
                a.ResidualGap = addRow - rowLength;
                a.ResidualSecondVector = TLanes.Count == Block ? addLayout.BlockStride : TLanes.Count;
                for (int n = piece.FirstImage; n < piece.EndImage; n++)
                {
                    if (sumsInTile && last)
                    {
                        a.PoolSums = memory.PoolSums + ((nint)piece.Part * _problem.Batch + n) * sumWidth + panel.Channel;
                        NativeMemory.Clear(a.PoolSums, (nuint)(width * sizeof(float)));
                    }

                    float* from = source.At(n, firstBlock + fromBlock, piece.FirstRow * g.StrideH - g.PadTop, -g.PadLeft);
                    float* to = output + layout.Offset(n - imageBase, block, piece.FirstRow - rowBase, 0) + lane;
                    float* add = !adds ? null : first ? memory.Residual + residualLayout.Offset(n, block, piece.FirstRow, 0) + lane : to;
                    for (int y = piece.FirstRow; y < piece.EndRow;)
                    {
                        int rows = flat is not null ? piece.EndRow - y : _tiling.TwoRows(panel.Vectors) && y + 1 < piece.EndRow ? 2 : 1;
                        foreach (ref readonly var tile in (flat ?? _tiling).Tiles(panel.Vectors, flat is null && rows == 2))
                        {
                            a.Source = from + tile.Start * sourceColumn;
                            a.Destination = to + tile.Row * outputRow + tile.Column * Block;
                            a.Split = _problem.OutputWidth - tile.Column;
                            if (adds)
                                a.Residual = add + tile.Row * addRow + tile.Column * Block;
                            tile.Run(&a);
                            a.Next += nextTile;
                        }

                        y += rows;
                        from += rows * sourceRow;
                        to += rows * outputRow;
                        add += adds ? rows * addRow : 0;
                    }
                }
            }

            a.PoolSums = null;
            a.Residual = null;
        }
    }

    // Register tiles of a slice.
    private int Tiles(in ConvChunk piece, ConvPanel panel, RowTiling<TLanes>? flat)
    {
        int rows = piece.EndRow - piece.FirstRow, images = piece.EndImage - piece.FirstImage;
        if (flat is not null)
            return images * flat.Tiles(panel.Vectors, twoRows: false).Length;
        return images * (_tiling.TwoRows(panel.Vectors) ? (rows + 1) / 2 : rows * _tiling.Tiles(panel.Vectors, twoRows: false).Length);
    }

    private (int First, int End) Blocks(in ConvChunk piece)
    {
        if (_staged)
            return (0, (_problem.OutputChannels + Block - 1) / Block);
        var last = _panels[piece.EndPanel - 1];
        return (_panels[piece.FirstPanel].Channel / Block, (last.Channel + last.Vectors * TLanes.Count + Block - 1) / Block);
    }

    private void Pack(GraphConstant weight, GraphConstant bias)
    {
        using var weights = new ConstantFloats(weight);
        using (var biases = new ConstantFloats(bias))
        {
            int count = _problem.Groups * _groupBlocks * Block;
            float* values = biases.Rows(0, _problem.OutputChannels), padded = _bias.Prepare(0, count);
            new Span<float>(padded, count).Clear();
            for (int k = 0; k < _problem.OutputChannels; k++)
                padded[k / _problem.GroupOutputs * _groupBlocks * Block + k % _problem.GroupOutputs] = (float)(values[k] * bias.Factor(k));
        }

        ParallelRows.For(_panels.Length, p => PackPanel(weight, weights, _panels[p]));
    }

    private void PackPanel(GraphConstant weight, ConstantFloats weights, ConvPanel panel)
    {
        int width = panel.Vectors * TLanes.Count, steps = Steps;
        int member = panel.Channel - panel.Group * _groupBlocks * Block, members = Math.Min(width, _problem.GroupOutputs - member);
        int first = panel.Group * _problem.GroupOutputs + member;
        double* factors = stackalloc double[ConvTiles<TLanes>.MaxVectors * TLanes.Count];
        for (int j = 0; j < members; j++)
            factors[j] = weight.Factor(first + j);
        // Whatever the last group's blocks lack: panels of it may have no output at all.
        float* rows = members > 0 ? weights.Rows(first, members) : null, target = _weights.Prepare(panel.Weights, steps * width);
        fixed (int* places = Places(_planes ? 0 : panel.Group * _problem.GroupInputs))
            WeightPacking.Transpose(rows, steps, factors, Math.Max(0, members), places, target, width);
        _weights.Write(panel.Weights, target, steps * width);
    }

    // Where each weight of an output goes: blocks of input channels, taps, channels of the block; planes have one channel a block.
    private int[] Places(int firstInput)
    {
        int taps = _problem.KernelH * _problem.KernelW, step = 0;
        var places = new int[Steps];
        for (int c = 0; c < _problem.GroupInputs;)
        {
            int lanes = _planes ? 1 : Math.Min(Block - (firstInput + c) % Block, _problem.GroupInputs - c);
            for (int tap = 0; tap < taps; tap++)
            {
                for (int i = 0; i < lanes; i++)
                    places[(c + i) * taps + tap] = step++;
            }

            c += lanes;
        }

        return places;
    }

    /// <summary>Where a pixel of the input lies.</summary>
    private readonly record struct SourceView(nint Origin, nint Image, nint Block, nint Row, nint Column)
    {
        public SourceView(float* origin, nint image, nint block, nint row, nint column)
            : this((nint)origin, image, block, row, column)
        {
        }

        /// <summary>The same memory, whose first pixel is that of another picture, row and column.</summary>
        public static SourceView operator -(SourceView view, (int Image, int Row, int Column) first) =>
            view with { Origin = (nint)view.At(-first.Image, 0, -first.Row, -first.Column) };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float* At(int image, int block, int row, int column) =>
            (float*)Origin + image * Image + block * Block + row * Row + column * Column;
    }
}
