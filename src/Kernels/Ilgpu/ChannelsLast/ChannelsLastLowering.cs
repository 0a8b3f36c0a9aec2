using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Turns a graph into steps whose convolutions, and the pools between them, work on maps in the format of the tensor cores (see
/// <see cref="MapLayout"/>); the rest runs on dense tensors of F32, with a change of layout wherever a value is wanted in the other form.</summary>
/// <param name="backend">The device.</param>
/// <param name="graph">What is lowered.</param>
internal sealed class ChannelsLastLowering<TFormat>(IlgpuBackend backend, Graph graph)
    where TFormat : struct, ITensorFormat
{
    /// <summary>Groups that fill a large GPU; with fewer, long sums are cut so that more groups share them.</summary>
    private const int WantedGroups = 256;

    private const int LeastSlicesPerSplit = 8;

    private static readonly int PerPiece = MapKernels<TFormat>.PerPiece;

    private readonly GpuQueue _queue = backend.Queue;
    private readonly List<GraphStep> _steps = [];
    private readonly List<GraphBuffer> _buffers = [];
    private readonly Dictionary<GraphValue, int> _dense = [];
    private readonly Dictionary<GraphValue, int> _maps = [];

    /// <summary>Lowers.</summary>
    public LoweredGraph Lower()
    {
        try
        {
            var inputs = graph.Inputs.Select(NewDense).ToArray();
            foreach (var node in graph.Nodes)
                Lower(node);
            return new LoweredGraph(_steps, _buffers, inputs, [.. graph.Outputs.Select(Dense)]);
        }
        catch
        {
            foreach (var step in _steps)
                step.Dispose();
            throw;
        }
    }

    private void Lower(GraphNode node)
    {
        switch (node.Op)
        {
            case ViewOp:
                _dense[node.Outputs[0]] = Dense(node.Inputs[0]);
                break;
            case FusedConv2dOp op when CanConvolve(node, op):
                LowerConvolution(node, op);
                break;
            case MaxPool2dOp op when IsMap(node.Inputs[0]) && graph.Consumers(node.Outputs[1]).Count == 0 && !graph.Outputs.Contains(node.Outputs[1]):
                LowerMaxPool(node, op);
                break;
            case AvgPool2dOp op when IsMap(node.Inputs[0]):
                AddPool(node, node.Inputs[0], 0, op, null, NewMap(node.Outputs[0]), node.Outputs[0].Shape);
                break;
            case AttentionWeightedSumOp { Radix: var radix } when IsMap(node.Inputs[0]) && HasWholeSplits(node.Inputs[0].Shape, radix) && node.Inputs[1].Constant is null:
                AddPool(node, node.Inputs[0], radix, null, node.Inputs[1], NewMap(node.Outputs[0]), node.Outputs[0].Shape);
                break;
            case RadixSumGlobalAvgPoolOp { Radix: var radix } when IsMap(node.Inputs[0]):
                AddMean(node, Map(node.Inputs[0]), Layout(node.Inputs[0].Shape), radix, NewDense(node.Outputs[0]));
                break;
            default:
                foreach (var input in node.Inputs)
                {
                    if (input.Constant is null)
                        Dense(input);
                }

                _steps.Add(new KernelStep(backend, node, value => value.Constant is not null ? -1 : _dense.TryGetValue(value, out int place) ? place : NewDense(value)));
                break;
        }
    }

    private static bool CanConvolve(GraphNode node, FusedConv2dOp op)
    {
        var (x, w, y) = (node.Inputs[0].Shape, node.Inputs[1].Shape, node.Outputs[0].Shape);
        int groups = op.Geometry.Groups;
        return node.Inputs.All(input => input.Spec.DType == DType.F32)
            && node.Inputs[1].Constant is not null && node.Inputs[2].Constant is not null && node.Inputs[0].Constant is null
            && (op.AttentionIndex < 0 || node.Inputs[op.AttentionIndex].Constant is null)
            && (op.ResidualIndex < 0 || node.Inputs[op.ResidualIndex].Constant is null)
            // A vector is no map: its layers are small, and other kernels join them.
            && y.ElementCount > 0 && y[2] * y[3] > 1
            && w[2] * w[3] <= ConvSource.MaxTaps
            && op.Epilogue.Activation != ActivationKind.Silu
            && (op.Prologue.AttentionRadix == 0 || HasWholeSplits(x, op.Prologue.AttentionRadix))
            && (groups == 1 || (w[1] % PerPiece == 0 && w[0] / groups % PerPiece == 0))
            // Offsets are kept in 26 bits, elements in 31.
            && x.ElementCount < 1 << 26 << 4 && (long)x[2] * x[3] * Layout(x).Pieces < 1 << 26 && Layout(y).ByteLength < int.MaxValue;
    }

    private void LowerConvolution(GraphNode node, FusedConv2dOp op)
    {
        var convolved = op.ConvolvedSpec(node.InputSpecs).Shape;
        int input = Map(node.Inputs[0]);
        if (op.Prologue != default)
        {
            int prepared = NewMap(Layout(convolved));
            AddPool(null, node.Inputs[0], op.Prologue.AttentionRadix, op.Prologue.Pool, op.AttentionIndex < 0 ? null : node.Inputs[op.AttentionIndex], prepared, convolved);
            input = prepared;
        }

        var (g, w, from, to) = (op.Geometry, node.Inputs[1].Shape, Layout(convolved), Layout(node.Outputs[0].Shape));
        int residual = op.ResidualIndex < 0 ? -1 : Map(node.Inputs[op.ResidualIndex]), output = NewMap(node.Outputs[0]);
        var filter = PackedFilter.Pack<TFormat>(_queue, g, node.Inputs[1].Constant!, node.Inputs[2].Constant!, from);
        var plan = new ConvPlan(_queue, to.Pixels, filter.Rows, g.Groups, filter.Slices);
        int radix = op.Epilogue.PoolRadix, means = radix == 0 ? -1 : NewDense(node.Outputs[1]);
        bool whole = plan.Slices.Splits == 1;
        var store = !whole ? ConvStore.Parts : radix == 0 ? ConvStore.Map : ConvStore.MapAndSums;
        long sumCount = store switch
        {
            ConvStore.Parts => (long)plan.Slices.Splits * to.Pixels * to.Pieces * PerPiece,
            ConvStore.MapAndSums => PoolParts.Length(to),
            _ => 0,
        };
        int sums = sumCount == 0 ? -1 : NewBuffer(sumCount * sizeof(float), whole ? "sums" : "parts");
        var grid = new PixelGrid(to.Images, to.Height, to.Width, g.StrideH, g.StrideW, -g.PadTop, -g.PadLeft);
        var window = new ConvWindow(w[2], w[3], g.DilationH, g.DilationW);
        var activation = op.Epilogue.Activation;
        var poolShape = new PoolPartsShape(to, Math.Max(radix, 1));
        int groupPieces = from.Pieces / g.Groups;
        var slices = plan.Slices;
        var key = new GemmKey("map.conv", to.Pixels, filter.Rows, filter.Slices * TensorConvKernel.SlicePieces * PerPiece, g.Groups, _queue.Precision);
        string split = whole ? "" : $", {slices.Splits} parts";
        Add(
            $"conv {w[2]}×{w[3]} {TFormat.Name}{split}", node, Given(input, residual), Given(output, sums, means),
            buffers =>
            {
                var (x, y) = (Pieces(buffers[input]), Words(buffers[output]));
                var added = residual < 0 ? y : Words(buffers[residual]);
                var extra = sums < 0 ? filter.Bias : Floats(buffers[sums]);
                var source = new ConvSource(x, Address(buffers[input]), filter.Depths, grid, window, from, groupPieces);
                var target = new ConvTarget(y, added, residual >= 0, filter.Bias, extra, store, activation, to, filter.Rows);
                var mean = means < 0 ? default : Floats(buffers[means]);
                var known = plan.IsForced ? plan.Variant : _queue.Tuner.Find(key);
                return () =>
                {
                    if (known is null && _queue.Tuner.Tuning && _queue.CanMeasure)
                        known = _queue.Tuner.Measure(key, _queue, plan.Candidates, Multiply);
                    Multiply(known ?? plan.Variant);
                    if (store == ConvStore.Parts)
                        _queue.Launch(MapKernels<TFormat>.Finish, _queue.Over((long)to.Pixels * to.Pieces * PerPiece, 2), target, extra, slices.Splits);
                    if (store == ConvStore.MapAndSums)
                        _queue.Launch(PoolParts.Kernel, PoolParts.Config(_queue, mean.Length), extra, mean, poolShape);
                    else if (radix > 0)
                        _queue.Launch(MapKernels<TFormat>.Mean, PoolParts.Config(_queue, mean.Length), y, mean, poolShape);
                };

                void Multiply(GemmVariant variant) => _queue.Launch(
                    variant == GemmVariant.Tensor128 ? MapKernels<TFormat>.Tile128 : MapKernels<TFormat>.Tile64, plan.Config(variant), source, filter.Weights, target, slices);
            },
            filter);
    }

    private void LowerMaxPool(GraphNode node, MaxPool2dOp op)
    {
        int input = Map(node.Inputs[0]), output = NewMap(node.Outputs[0]);
        var shape = new PoolShape(op.Geometry, node.Inputs[0].Shape, node.Outputs[0].Shape);
        var splits = new MapSplits(Layout(node.Outputs[0].Shape).Pieces, 1, false);
        Add($"max pool {TFormat.Name}", node, [input], [output], buffers =>
        {
            var (x, y) = (Pieces(buffers[input]), Pieces(buffers[output]));
            return () => _queue.Launch(MapKernels<TFormat>.MaxPool, _queue.Over(y.Length, 1), x, y, shape, splits);
        });
    }

    /// <summary>The attention-weighted sum of splits, an average pool, or both.</summary>
    private void AddPool(GraphNode? node, GraphValue from, int radix, AvgPool2dOp? pool, GraphValue? weights, int output, Shape to)
    {
        int input = Map(from), attention = weights is null ? -1 : Dense(weights);
        var layout = Layout(to);
        var shape = new PoolShape(pool?.Geometry ?? PoolGeometry.Of(1), from.Shape, to);
        var rule = pool is null ? new AverageRule(false, 1) : new AverageRule(pool.CountPadding, pool.DivisorOverride);
        var splits = new MapSplits(layout.Pieces, Math.Max(radix, 1), radix > 0);
        string name = (radix > 0, pool is not null) switch { (true, true) => "attention and average pool", (true, false) => "attention", _ => "average pool" };
        Add($"{name} {TFormat.Name}", node, Given(input, attention), [output], buffers =>
        {
            var (x, y) = (Pieces(buffers[input]), Pieces(buffers[output]));
            var factors = attention < 0 ? x.Cast<float>() : Floats(buffers[attention]);
            return () => _queue.Launch(MapKernels<TFormat>.Pool, _queue.Over(y.Length, 1), x, factors, y, shape, rule, splits);
        });
    }

    private void AddMean(GraphNode node, int input, MapLayout layout, int radix, int output)
    {
        var shape = new PoolPartsShape(layout, radix);
        Add($"radix sum and pool {TFormat.Name}", node, [input], [output], buffers =>
        {
            var (x, y) = (Words(buffers[input]), Floats(buffers[output]));
            return () => _queue.Launch(MapKernels<TFormat>.Mean, PoolParts.Config(_queue, y.Length), x, y, shape);
        });
    }

    /// <summary>Adds a step that is counted with the bytes of its buffers and weights, each once.</summary>
    private void Add(string name, GraphNode? node, int[] reads, int[] writes, Func<IReadOnlyList<Storage>, Action> bind, PackedFilter? owned = null)
    {
        long read = reads.Distinct().Sum(buffer => _buffers[buffer].ByteLength) + (owned?.ByteLength ?? 0);
        long written = writes.Sum(buffer => _buffers[buffer].ByteLength);
        _steps.Add(new LaunchStep(name, node, reads, writes, new OpCost(node?.Cost.Flops ?? 0, read, written), bind, owned));
    }

    // What is a map already stays one; what is dense is worth a change of layout for a convolution only.
    private bool IsMap(GraphValue value) => _maps.ContainsKey(value) && !_dense.ContainsKey(value);

    private static bool HasWholeSplits(Shape x, int radix) => x[1] / radix % PerPiece == 0;

    private static MapLayout Layout(Shape shape) => new(shape, PerPiece);

    /// <summary>The buffer of a value as a map, made now if there is none.</summary>
    private int Map(GraphValue value)
    {
        if (_maps.TryGetValue(value, out int place))
            return place;
        int dense = _dense[value], map = NewMap(value);
        var layout = Layout(value.Shape);
        var shape = new MapShape(layout);
        Add($"dense to {TFormat.Name} map", null, [dense], [map], buffers =>
        {
            var (x, y) = (Floats(buffers[dense]), Pieces(buffers[map]));
            return () => _queue.Launch(MapKernels<TFormat>.FromDense, _queue.Over(y.Length, 1), x, y, shape);
        });
        return map;
    }

    /// <summary>The buffer of a value as a dense tensor of F32, made now if there is none.</summary>
    private int Dense(GraphValue value)
    {
        if (_dense.TryGetValue(value, out int place))
            return place;
        int map = _maps[value], dense = NewDense(value);
        var shape = new MapShape(Layout(value.Shape));
        Add($"{TFormat.Name} map to dense", null, [map], [dense], buffers =>
        {
            var (x, y) = (Words(buffers[map]), Floats(buffers[dense]));
            return () => _queue.Launch(MapKernels<TFormat>.ToDense, _queue.Over(y.Length, 1), x, y, shape);
        });
        return dense;
    }

    private int NewDense(GraphValue value) => _dense[value] = NewBuffer(value.Spec.ByteLength, value.Spec.ToString());

    private int NewMap(GraphValue value) => _maps[value] = NewMap(Layout(value.Shape));

    private int NewMap(MapLayout layout) =>
        NewBuffer(layout.ByteLength, $"{TFormat.Name} [{layout.Images},{layout.Height},{layout.Width},{layout.Pieces}]×{PerPiece}");

    private int NewBuffer(long byteLength, string layout)
    {
        _buffers.Add(new GraphBuffer(byteLength, layout));
        return _buffers.Count - 1;
    }

    private static int[] Given(params ReadOnlySpan<int> buffers)
    {
        var given = new List<int>();
        foreach (int buffer in buffers)
        {
            if (buffer >= 0)
                given.Add(buffer);
        }

        return [.. given];
    }

    private static ArrayView<byte> Bytes(Storage storage) => ((IlgpuStorage)storage).Bytes;

    private static ArrayView<Word4> Pieces(Storage storage) => Bytes(storage).Cast<Word4>();

    private static ArrayView<uint> Words(Storage storage) => Bytes(storage).Cast<uint>();

    private static ArrayView<float> Floats(Storage storage) => Bytes(storage).Cast<float>();

    private static long Address(Storage storage) => Bytes(storage).LoadEffectiveAddressAsPtr().ToInt64();

    /// <summary>Tile and parts of a convolution, by shape.</summary>
    private sealed class ConvPlan
    {
        private readonly int _pixels, _outputs, _groups;

        public ConvPlan(GpuQueue queue, int pixels, int outputs, int groups, int slices)
        {
            (_pixels, _outputs, _groups) = (pixels, outputs, groups);
            IsForced = queue.ForcedVariant is GemmVariant.Tensor64 or GemmVariant.Tensor128;
            long large = (long)Ceiling(pixels, TensorTile128.Side) * Ceiling(outputs, TensorTile128.Side) * groups;
            bool fits = queue.Accelerator.MaxNumThreadsPerGroup >= TensorTile128.Threads;
            Candidates = fits ? [GemmVariant.Tensor64, GemmVariant.Tensor128] : [GemmVariant.Tensor64];
            Variant = IsForced ? queue.ForcedVariant
                : fits && outputs > TensorTile64.Side && large >= queue.Accelerator.NumMultiprocessors ? GemmVariant.Tensor128 : GemmVariant.Tensor64;
            // Cut by shape alone, not by device: the order of summation, and so the result, is the same everywhere.
            long tiles = (long)Ceiling(pixels, TensorTile64.Side) * Ceiling(outputs, TensorTile64.Side) * groups;
            int splits = (int)Math.Clamp(WantedGroups / Math.Max(tiles, 1), 1, Math.Max(1, slices / LeastSlicesPerSplit));
            int perSplit = Ceiling(slices, splits);
            Slices = new GemmDepth(slices, perSplit, Ceiling(slices, perSplit));
        }

        /// <summary>A test wants this variant and no other.</summary>
        public bool IsForced { get; }

        /// <summary>The tile that seems best by shape.</summary>
        public GemmVariant Variant { get; }

        /// <summary>The tiles that the device can run.</summary>
        public GemmVariant[] Candidates { get; }

        /// <summary>Slices of depth, and of a part.</summary>
        public GemmDepth Slices { get; }

        /// <summary>Grid and groups of a tile.</summary>
        public KernelConfig Config(GemmVariant variant)
        {
            var (side, threads) = variant == GemmVariant.Tensor128 ? (TensorTile128.Side, TensorTile128.Threads) : (TensorTile64.Side, TensorTile64.Threads);
            return (new Index3D(Ceiling(_pixels, side), Ceiling(_outputs, side), _groups * Slices.Splits), new Index3D(threads, 1, 1));
        }

        private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
    }
}
