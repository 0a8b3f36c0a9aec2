namespace ResNeSt.Kernels.Ilgpu;

/// <summary>One factor of an (implicit) matrix product: a function of row and depth, split so that the costly part of each is done once.</summary>
/// <remarks>"Row" is a row of A or a column of B; "depth" is the index that is summed over. Implementations are kernel parameters:
/// views and numbers only.</remarks>
/// <typeparam name="TRow">What is known of a row.</typeparam>
/// <typeparam name="TDepth">What is known of a depth.</typeparam>
internal interface IGemmOperand<TRow, TDepth>
    where TRow : unmanaged
    where TDepth : unmanaged
{
    /// <summary>Neighbouring threads load neighbouring depths (true) or neighbouring rows (false): whichever is contiguous in memory.</summary>
    static abstract bool DepthIsContiguous { get; }

    /// <summary>Everything that depends on the row alone.</summary>
    /// <param name="batch">Which matrix of a batch, or which group of a convolution.</param>
    /// <param name="row">May lie beyond the last row.</param>
    TRow Row(int batch, int row);

    /// <summary>Everything that depends on the depth alone.</summary>
    /// <param name="batch">As for <see cref="Row"/>.</param>
    /// <param name="depth">May lie beyond the last depth.</param>
    TDepth Depth(int batch, int depth);

    /// <summary>The value; zero outside of the matrix.</summary>
    float Load(TRow row, TDepth depth);
}

/// <summary>Where the product goes.</summary>
internal interface IGemmOutput
{
    /// <summary>Offset of a row, or -1 if there is no such row.</summary>
    int Row(int batch, int split, int row);

    /// <summary>A number to add to a row that exists.</summary>
    float RowBias(int batch, int row);

    /// <summary>Offset of a column, or -1 if there is no such column.</summary>
    int Column(int batch, int column);

    /// <summary>Stores a value whose row and column exist.</summary>
    /// <returns>What is stored in the end.</returns>
    float Store(int rowOffset, int columnOffset, float value);

    /// <summary>Where tiles put the sums of their rows over the pixels of each image; the default is nowhere. <see cref="DirectKernel"/> has no tiles.</summary>
    RowSums Sums { get; }
}

/// <summary>How the depth is divided among groups.</summary>
/// <param name="depth">Length of the sums.</param>
/// <param name="depthPerSplit">Length of one part, a multiple of <see cref="TensorGemmKernel.Slice"/>.</param>
/// <param name="splits">Parts of each sum; every part stores its own partial result.</param>
internal readonly struct GemmDepth(int depth, int depthPerSplit, int splits)
{
    public readonly int Depth = depth;
    public readonly int DepthPerSplit = depthPerSplit;
    public readonly int Splits = splits;
}
