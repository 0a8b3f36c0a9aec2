using System.Runtime.CompilerServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A 3×3 convolution by F(2, 3) along its rows: at each of four positions a product of matrices, whose sum runs over input channels and rows of taps.</summary>
/// <remarks>Transformed inputs lie [position][block][row][tile][16 channels], so that the register tiles of 1×1 convolutions multiply them: for each row of
/// taps they begin one row further. Weights lie [panel][position][row of taps][channel][output], in the order of their use; while the tiles of a slice run
/// they fetch the next one.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal sealed unsafe class WinogradRowConv<TLanes> : PackedConv
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;
    private const int Line = NativeMemoryPool.Alignment / sizeof(float);

    // Weights of a slice, which each tile reads from the second-level cache.
    private const int SliceBytes = 96 << 10;

    // Panels of a chunk at least: they pay for the transform of its inputs.
    private const int LeastPanels = 2;

    private readonly ConvProblem _problem;
    private readonly ConvPanel[] _panels;
    private readonly RowTiling<TLanes> _tiling;
    private readonly PanelStore _weights;
    private readonly float[] _bias;
    private readonly int _pixels;
    private readonly int _panelBlocks;
    private readonly int _groupPanels;
    private readonly int _pieces;

    public WinogradRowConv(ConvProblem problem, GraphConstant weight, GraphConstant bias)
    {
        _problem = problem;
        _pixels = problem.OutputHeight * WinogradRows.Tiles(problem.OutputWidth);
        int steps = Steps;
        (_panels, long count) = ConvPanel.Divide(
            problem.Groups, problem.GroupOutputs / Block, ConvTiles<TLanes>.BestVectors(_pixels, steps), TLanes.Count, WinogradRows.Positions * steps);
        _tiling = new RowTiling<TLanes>(_pixels, _pixels, Block, _panels);
        _panelBlocks = (_panels.Max(panel => panel.Vectors) * TLanes.Count + Block - 1) / Block;
        _groupPanels = _panels.Length / problem.Groups;
        _pieces = Math.Max(1, _groupPanels / LeastPanels);
        _weights = new PanelStore(DType.F32, count);
        _bias = new float[problem.OutputChannels];
        var values = bias.ToDoubles();
        for (int i = 0; i < values.Length; i++)
            _bias[i] = (float)values[i];
        using var floats = new ConstantFloats(weight);
        ParallelRows.For(_panels.Length, index => Pack(weight, floats, _panels[index]));
    }

    /// <inheritdoc/>
    public override long WeightBytes => _weights.ByteLength;

    /// <inheritdoc/>
    public override int Chunks => _problem.Batch * _problem.Groups * _pieces;

    /// <inheritdoc/>
    public override int PoolParts => _problem.Epilogue.PoolRadix > 0 ? 1 : 0;

    // Terms of a sum at one position.
    private int Steps => _problem.GroupInputs * WinogradRows.TapRows;

    // Floats of one block of inputs at one position.
    private nint InputPlane => (nint)(_problem.OutputHeight + WinogradRows.TapRows - 1) * WinogradRows.Tiles(_problem.OutputWidth) * Block;

    /// <inheritdoc/>
    public override void RunChunk(int chunk, int before, in ConvMemory memory)
    {
        // The pictures of one piece one after the other: its weights are still in the cache.
        int n = chunk % _problem.Batch, part = chunk / _problem.Batch, group = part / _pieces, piece = part % _pieces;
        int from = group * _groupPanels + _groupPanels * piece / _pieces, to = group * _groupPanels + _groupPanels * (piece + 1) / _pieces;
        nint inputs = _problem.GroupInputs / Block * InputPlane, plane = (nint)_pixels * Block, products = _panelBlocks * plane;
        float* v = ThreadScratch.Floats(ThreadScratch.Use.Panels, WinogradRows.Positions * (inputs + products));
        float* m = v + WinogradRows.Positions * inputs;
        if (before < 0 || before % _problem.Batch != n || before / _problem.Batch / _pieces != group)
            TransformInput(n, group, memory, v, inputs);
        for (int i = from; i < to; i++)
        {
            var panel = _panels[i];
            for (int position = 0; position < WinogradRows.Positions; position++)
                Multiply(panel, position, v + position * inputs, m + position * products);
            for (int vector = 0; vector < panel.Vectors; vector++)
            {
                int channel = panel.Channel + vector * TLanes.Count;
                int lane = vector * TLanes.Count;
                Store(n, channel, memory, m + (lane / Block * plane) + lane % Block, products);
            }
        }

        var first = _panels[from];
        var last = _panels[to - 1];
        BlockedBorder.Clear(
            memory.Output, memory.OutputLayout, n, first.Channel / Block, (last.Channel + last.Vectors * TLanes.Count + Block - 1) / Block, 0, _problem.OutputHeight);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Dispose() => _weights.Dispose();

    private void TransformInput(int n, int group, in ConvMemory memory, float* v, nint positionStep)
    {
        var layout = memory.InputLayout;
        int blocks = _problem.GroupInputs / Block, tiles = WinogradRows.Tiles(_problem.OutputWidth);
        for (int block = 0; block < blocks; block++)
        {
            float* source = memory.Input + layout.Offset(n, group * blocks + block, -_problem.Geometry.PadTop, -_problem.Geometry.PadLeft);
            WinogradRows.TransformInput<TLanes>(source, layout.RowStride, _problem.OutputHeight + WinogradRows.TapRows - 1, tiles, v, positionStep);
            v += InputPlane;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(ConvPanel panel, int position, float* v, float* m)
    {
        int width = panel.Vectors * TLanes.Count, blocks = _problem.GroupInputs / Block;
        var tiles = _tiling.Tiles(panel.Vectors, twoRows: false);
        nint plane = (nint)_pixels * Block, row = (nint)WinogradRows.Tiles(_problem.OutputWidth) * Block;
        var a = default(ConvTileArguments);
        a.High = float.PositiveInfinity;
        a.BlockStep = InputPlane;
        a.TapRows = 1;
        a.Taps = 1;
        a.BlockLanes = Block;
        a.LastLanes = Block;
        a.SecondVector = TLanes.Count == Block ? plane : TLanes.Count;
        a.ResidualSecondVector = a.SecondVector;
        a.Split = _pixels;
        a.Weights = _weights.Read(panel.Weights + (long)position * Steps * width, 0);
        int slices = (int)Math.Clamp((long)_problem.GroupInputs * width * sizeof(float) / SliceBytes, 1, blocks);
        a.NextStep = Math.Min(Line, (width + tiles.Length - 1) / tiles.Length);
        for (int tapRow = 0; tapRow < WinogradRows.TapRows; tapRow++)
        {
            for (int slice = 0; slice < slices; slice++)
            {
                int fromBlock = blocks * slice / slices, toBlock = blocks * (slice + 1) / slices;
                nint length = (nint)(toBlock - fromBlock) * Block * width;
                a.Blocks = toBlock - fromBlock;
                a.Next = a.Weights + length;
                nint nextTile = a.NextStep * (length / width);
                foreach (ref readonly var tile in tiles)
                {
                    a.Source = v + fromBlock * InputPlane + tapRow * row + tile.Start * Block;
                    a.Destination = m + tile.Start * Block;
                    a.Residual = tapRow + slice > 0 ? a.Destination : null;
                    tile.Run(&a);
                    a.Next += nextTile;
                }

                a.Weights += length;
            }
        }
    }

    private void Store(int n, int channel, in ConvMemory memory, float* m, nint positionStep)
    {
        int block = channel / Block, lane = channel % Block;
        float* bias = stackalloc float[TLanes.Count];
        _bias.AsSpan(channel, TLanes.Count).CopyTo(new Span<float>(bias, TLanes.Count));
        float* destination = memory.Output + memory.OutputLayout.Offset(n, block, 0, 0) + lane;
        float* residual = memory.Residual == null ? null : memory.Residual + memory.ResidualLayout.Offset(n, block, 0, 0) + lane;
        float* sums = memory.PoolSums == null ? null : memory.PoolSums + (nint)n * memory.OutputLayout.Blocks * Block + channel;
        nint row = memory.OutputLayout.RowStride, residualRow = memory.ResidualLayout.RowStride;
        var activation = _problem.Epilogue.Activation;
        if (activation == ActivationKind.Silu)
        {
            WinogradRows.TransformOutput<TLanes, SiluOperator>(
                m, positionStep, _problem.OutputHeight, _problem.OutputWidth, bias, destination, row, residual, residualRow, sums, default);
            return;
        }

        var clamp = new ClampOperator(activation == ActivationKind.None ? float.NegativeInfinity : 0, activation == ActivationKind.Relu6 ? 6 : float.PositiveInfinity);
        WinogradRows.TransformOutput<TLanes, ClampOperator>(
            m, positionStep, _problem.OutputHeight, _problem.OutputWidth, bias, destination, row, residual, residualRow, sums, clamp);
    }

    private void Pack(GraphConstant weight, ConstantFloats values, ConvPanel panel)
    {
        int width = panel.Vectors * TLanes.Count, groupInputs = _problem.GroupInputs, padded = (width + 3) / 4 * 4;
        nint length = (nint)groupInputs * WeightPacking.Taps;
        double* factors = stackalloc double[ConvTiles<TLanes>.MaxVectors * TLanes.Count];
        for (int i = 0; i < width; i++)
            factors[i] = weight.Factor(panel.Channel + i);
        double* taps = stackalloc double[WeightPacking.Taps * padded];
        new Span<double>(taps, WeightPacking.Taps * padded).Clear();
        float* rows = values.Rows(panel.Channel, width);
        float* target = _weights.Prepare(panel.Weights, WinogradRows.Positions * Steps * width);
        fixed (double* matrix = WinogradTransform2.WeightMatrix)
        {
            for (int channel = 0; channel < groupInputs; channel++)
            {
                WeightPacking.GatherTaps(rows + channel * WeightPacking.Taps, length, factors, width, taps, padded);
                for (int tapRow = 0; tapRow < WinogradRows.TapRows; tapRow++)
                {
                    WeightPacking.TransformRow(
                        taps + 3 * tapRow * padded, padded, matrix, WinogradRows.Positions, width, target + (nint)(tapRow * groupInputs + channel) * width, (nint)Steps * width);
                }
            }
        }
    }
}
