using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Depthwise convolution, and grouped convolution whose groups divide a block of channels: lane by lane, without the waste of filling blocks.</summary>
/// <remarks>For groups of d channels each chunk makes d copies of its input rows, in which every lane of a group holds the group's first, second … channel;
/// then all is depthwise.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal sealed unsafe class LaneConvolution<TLanes> : PackedConv
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;

    private readonly ConvProblem _problem;
    private readonly int _copies;
    private readonly int _blockWeights;
    private readonly PanelStore _weights;
    private readonly PanelStore _bias;
    private readonly RowTile[] _tiles;
    private readonly ConvChunks _chunks;
    private readonly Border _need;

    /// <param name="problem">A problem for which <see cref="Fits"/> holds.</param>
    /// <param name="weight">[K,C/groups,R,S].</param>
    /// <param name="bias">[K].</param>
    public LaneConvolution(ConvProblem problem, GraphConstant weight, GraphConstant bias)
    {
        _problem = problem;
        _copies = problem.GroupInputs;
        _need = DirectAlgorithm.Reach(problem);
        int taps = problem.KernelH * problem.KernelW, blocks = (problem.OutputChannels + Block - 1) / Block;
        _blockWeights = _copies * taps * Block;
        _weights = new PanelStore(problem.WeightType, (long)blocks * _blockWeights);
        _bias = new PanelStore(DType.F32, blocks * Block);
        using var weights = new ConstantFloats(weight);
        using var biases = new ConstantFloats(bias);
        float* added = _bias.Prepare(0, blocks * Block), given = biases.Rows(0, problem.OutputChannels);
        for (int k = 0; k < blocks * Block; k++)
            added[k] = k < problem.OutputChannels ? (float)(given[k] * bias.Factor(k)) : 0;
        double* factors = stackalloc double[Block];
        var places = new int[_copies * taps];
        for (int i = 0; i < places.Length; i++)
            places[i] = i;
        for (int block = 0; block < blocks; block++)
        {
            int first = block * Block, members = Math.Min(Block, problem.OutputChannels - first);
            for (int j = 0; j < members; j++)
                factors[j] = weight.Factor(first + j);
            float* target = _weights.Prepare((long)block * _blockWeights, _blockWeights);
            fixed (int* to = places)
                WeightPacking.Transpose(weights.Rows(first, members), places.Length, factors, members, to, target, Block);
            _weights.Write((long)block * _blockWeights, target, _blockWeights);
        }

        _tiles = LaneTiles<TLanes>.Divide(problem.OutputWidth, problem.Geometry.StrideW);
        // Memory is the limit, so the work counts more than its operations.
        long rowBytes = (long)problem.InputWidth * problem.Geometry.StrideH * Block * (1 + _copies) * sizeof(float);
        _chunks = new ConvChunks(problem.Batch, problem.OutputHeight, blocks, 1, rowBytes, 4 * problem.Flops, 0, prepares: false);
    }

    /// <inheritdoc/>
    public override long WeightBytes => _weights.ByteLength + _bias.ByteLength;

    /// <inheritdoc/>
    public override int Chunks => _chunks.Count;

    /// <inheritdoc/>
    public override int PoolParts => _problem.Epilogue.PoolRadix > 0 ? _chunks.Parts : 0;

    /// <summary>Whether groups are so narrow that they divide a block.</summary>
    public static bool Fits(ConvProblem problem) =>
        problem.Groups > 1 && problem.GroupInputs == problem.GroupOutputs && problem.GroupInputs is 1 or 2 or 4 or 8
        && problem.Prologue is { AttentionRadix: 0, Pool: null };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunChunk(int chunk, int before, in ConvMemory memory)
    {
        var piece = _chunks[chunk];
        var g = _problem.Geometry;
        var (input, output, residual) = (memory.InputLayout, memory.OutputLayout, memory.ResidualLayout);
        int firstRow = piece.FirstRow * g.StrideH - g.PadTop;
        int rows = (piece.EndRow - 1 - piece.FirstRow) * g.StrideH + (_problem.KernelH - 1) * g.DilationH + 1;
        int columns = _need.Left + input.Width + _need.Right;
        var activation = _problem.Epilogue.Activation;
        bool later = activation == ActivationKind.Silu, pools = _problem.Epilogue.PoolRadix > 0 && !later;
        var a = default(ConvTileArguments);
        a.Clamps = !later && activation != ActivationKind.None;
        a.High = activation == ActivationKind.Relu6 ? 6 : float.PositiveInfinity;
        a.Blocks = _copies;
        a.TapRows = _problem.KernelH;
        a.Taps = _problem.KernelW;
        a.TapStep = (nint)g.DilationW * Block;
        nint step = (nint)g.StrideW * Block;
        for (int block = piece.FirstPanel; block < piece.EndPanel; block++)
        {
            float* weights = _weights.Read((long)block * _blockWeights, _blockWeights);
            float* bias = _bias.Read(block * Block, Block);
            for (int n = piece.FirstImage; n < piece.EndImage; n++)
            {
                float* source = memory.Input + input.Offset(n, block, firstRow, -_need.Left);
                nint sourceRow = input.RowStride;
                if (_copies > 1)
                {
                    float* copies = ThreadScratch.Floats(ThreadScratch.Use.ConvInput, (long)_copies * rows * columns * Block);
                    for (int k = 0; k < _copies; k++)
                        Copy(source, sourceRow, rows, columns, k, copies + (nint)k * rows * columns * Block);
                    source = copies;
                    sourceRow = (nint)columns * Block;
                }

                source += (_need.Left - g.PadLeft) * Block;
                a.BlockStep = rows * sourceRow;
                a.TapRowStep = g.DilationH * sourceRow;
                for (int lane = 0; lane < Block; lane += TLanes.Count)
                {
                    a.Weights = weights + lane;
                    a.Bias = bias + lane;
                    if (pools)
                    {
                        a.PoolSums = memory.PoolSums + ((nint)piece.Part * _problem.Batch + n) * output.Blocks * Block + block * Block + lane;
                        TLanes.Broadcast(0).Store(a.PoolSums);
                    }

                    for (int y = piece.FirstRow; y < piece.EndRow; y++)
                    {
                        float* from = source + (y - piece.FirstRow) * g.StrideH * sourceRow + lane;
                        float* to = memory.Output + output.Offset(n, block, y, 0) + lane;
                        float* add = _problem.Epilogue.Residual ? memory.Residual + residual.Offset(n, block, y, 0) + lane : null;
                        foreach (ref readonly var tile in _tiles.AsSpan())
                        {
                            a.Source = from + tile.Start * step;
                            a.Destination = to + tile.Start * Block;
                            if (add != null)
                                a.Residual = add + tile.Start * Block;
                            tile.Run(&a);
                        }
                    }
                }
            }
        }

        if (later)
            ConvFinish<TLanes>.Activate(_problem, piece, memory, piece.FirstPanel, piece.EndPanel);
        for (int n = piece.FirstImage; n < piece.EndImage; n++)
            BlockedBorder.Clear(memory.Output, output, n, piece.FirstPanel, piece.EndPanel, piece.FirstRow, piece.EndRow);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
    }

    // Every lane takes the k-th lane of its group.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Copy(float* source, nint sourceRow, int rows, int columns, int k, float* target)
    {
        const int half = Block / 2;
        var indices = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) / Vector256.Create(_copies) * Vector256.Create(_copies) + Vector256.Create(k);
        for (int y = 0; y < rows; y++, source += sourceRow)
        {
            for (nint i = 0; i < columns * Block; i += half, target += half)
            {
                if (Vector256.IsHardwareAccelerated)
                {
                    Vector256.Shuffle(Vector256.Load(source + i), indices).Store(target);
                    continue;
                }

                for (int lane = 0; lane < half; lane++)
                    target[lane] = source[i + lane / _copies * _copies + k];
            }
        }
    }
}
