using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How one product is computed: which kernel, and into how many parts its sums are cut.</summary>
internal readonly struct GemmPlan
{
    /// <summary>Groups that fill a large GPU; with fewer, long sums are cut so that more groups share them.</summary>
    private const int WantedGroups = 256;

    private const int LeastDepthPerSplit = 128;

    /// <summary>Plans a product.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="rows">Rows of C.</param>
    /// <param name="columns">Columns of C.</param>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="batch">Number of products.</param>
    /// <param name="whole">Do not cut the sums.</param>
    public GemmPlan(GpuQueue queue, int rows, int columns, int depth, int batch, bool whole = false)
    {
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
        perSplit = Math.Max(TensorGemmKernel.Step, (perSplit + TensorGemmKernel.Step - 1) / TensorGemmKernel.Step * TensorGemmKernel.Step);
        Depth = new GemmDepth(depth, perSplit, Math.Max(1, (depth + perSplit - 1) / perSplit));
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Batch { get; }

    public GemmVariant Variant { get; }

    public GemmDepth Depth { get; }

    /// <summary>A test wants this variant and no other.</summary>
    public bool IsForced { get; }

    /// <summary>What tensor cores round to, where the variant uses them.</summary>
    public GpuPrecision Precision { get; }

    private static GemmVariant Choose(GpuQueue queue, int rows, int columns, int depth, int batch)
    {
        if (queue.ForcedVariant != GemmVariant.Automatic)
            return queue.ForcedVariant;
        if (rows <= 2 * DirectKernel.RowsPerThread)
            return GemmVariant.Direct;
        bool tensorCores = queue.Precision != GpuPrecision.F32 && queue.HasTensorCores && depth >= TensorGemmKernel.Step;
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
