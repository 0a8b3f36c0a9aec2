using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How one product is computed: which kernel, and into how many parts its sums are cut.</summary>
internal readonly struct GemmPlan
{
    /// <summary>Groups that fill a large GPU; with fewer, long sums are cut so that more groups share them.</summary>
    private const int WantedGroups = 256;

    private const int LeastDepthPerSplit = 128;

    /// <summary>Shorter sums are not worth a slice of the tensor cores.</summary>
    private const int LeastTensorDepth = 16;

    /// <summary>Plans a product.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="rows">Rows of C.</param>
    /// <param name="columns">Columns of C.</param>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="batch">Number of products.</param>
    /// <param name="whole">Do not cut the sums.</param>
    /// <param name="fitsTensorCores">Whether the factors are such as tensor cores can be fed with.</param>
    public GemmPlan(GpuQueue queue, int rows, int columns, int depth, int batch, bool whole = false, bool fitsTensorCores = true)
    {
        FitsTensorCores = fitsTensorCores;
        Rows = rows;
        Columns = columns;
        Batch = batch;
        // The tiled kernels load before they ask whether there is anything to sum.
        Variant = depth == 0 ? GemmVariant.Direct : Choose(queue, rows, columns, depth, batch);
        Precision = queue.Precision;
        IsForced = queue.ForcedVariant != GemmVariant.Automatic;
        // Cut by shape alone, not by device: the order of summation, and so the result, is the same everywhere.
        long tiles = (long)((rows + 63) / 64) * ((columns + 63) / 64) * batch;
        int splits = whole ? 1 : (int)Math.Clamp(WantedGroups / Math.Max(tiles, 1), 1, Math.Max(1, depth / LeastDepthPerSplit));
        int perSplit = (depth + splits - 1) / splits;
        bool plain = Precision == GpuPrecision.F32 && Variant is not (GemmVariant.Tensor64 or GemmVariant.Tensor128);
        int unit = plain ? 2 * GemmKernel.Step : TensorGemmKernel.Slice;
        perSplit = Math.Max(unit, (perSplit + unit - 1) / unit * unit);
        Depth = new GemmDepth(depth, perSplit, Math.Max(1, (depth + perSplit - 1) / perSplit));
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Batch { get; }

    public GemmVariant Variant { get; }

    /// <summary>Whether the factors are such as tensor cores can be fed with; where they are not, the plain tiles take their place.</summary>
    public bool FitsTensorCores { get; }

    public GemmDepth Depth { get; }

    /// <summary>A test wants this variant and no other.</summary>
    public bool IsForced { get; }

    /// <summary>What tensor cores round to, where the variant uses them.</summary>
    public GpuPrecision Precision { get; }

    /// <summary>The grid of a kernel whose groups compute square tiles.</summary>
    public Index3D Tiles(int side) => new((Columns + side - 1) / side, (Rows + side - 1) / side, Batch * Depth.Splits);

    private GemmVariant Choose(GpuQueue queue, int rows, int columns, int depth, int batch)
    {
        if (queue.ForcedVariant != GemmVariant.Automatic)
            return queue.ForcedVariant;
        if (rows <= 2 * DirectKernel.RowsPerThread)
            return GemmVariant.Direct;
        bool tensorCores = queue.Precision != GpuPrecision.F32 && queue.HasTensorCores && FitsTensorCores && depth >= LeastTensorDepth;
        long large = (long)((rows + 127) / 128) * ((columns + 127) / 128) * batch;
        bool fills = queue.Accelerator.MaxNumThreadsPerGroup >= Tile128.Threads && rows > 64 && columns > 64 && large >= queue.Accelerator.NumMultiprocessors;
        return (tensorCores, fills) switch
        {
            (false, false) => GemmVariant.Tile64,
            (false, true) => GemmVariant.Tile128,
            (true, false) => GemmVariant.Tensor64,
            (true, true) => GemmVariant.Tensor128,
        };
    }
}
