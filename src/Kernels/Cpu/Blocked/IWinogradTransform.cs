namespace ResNeSt.Kernels.Cpu;

/// <summary>The three linear maps of a Winograd convolution F(m×m, 3×3): with tiles d of (m+2)² inputs and weights g of 3×3, the m² outputs are
/// Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A.</summary>
/// <remarks>Source: Lavin and Gray 2015, arXiv:1509.09308; the polynomials behind it: Winograd 1980, Arithmetic Complexity of Computations.</remarks>
internal unsafe interface IWinogradTransform
{
    /// <summary>m: rows and columns of outputs of a tile.</summary>
    static abstract int Outputs { get; }

    /// <summary>G, (m+2)×3, row-major.</summary>
    static abstract ReadOnlySpan<double> WeightMatrix { get; }

    /// <summary>Transforms the inputs of some tiles in a row, one block of channels: Bᵀ d B.</summary>
    /// <param name="source">First row and column of the first tile; the next tiles begin m columns further.</param>
    /// <param name="row">Floats from one row to the next.</param>
    /// <param name="tiles">Tiles.</param>
    /// <param name="v">Results, one block for each tile.</param>
    /// <param name="positionStep">Floats from one of the (m+2)² positions to the next.</param>
    /// <param name="scratch">Working memory of <see cref="ScratchLength"/> floats.</param>
    static abstract void TransformInput<TLanes>(float* source, nint row, int tiles, float* v, nint positionStep, float* scratch)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Transforms one row of products of some tiles back along the row, one block of channels: m A, (m+2) numbers become m.</summary>
    /// <param name="products">Products of the first tile at the row's first position.</param>
    /// <param name="positionStep">Floats from one position to the next.</param>
    /// <param name="tileStep">Floats from one tile to the next.</param>
    /// <param name="tiles">Tiles.</param>
    /// <param name="target">Results of the first tile, a block each.</param>
    /// <param name="targetStep">Floats from one tile to the next.</param>
    static abstract void TransformRows<TLanes>(float* products, nint positionStep, nint tileStep, int tiles, float* target, nint targetStep)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Transforms what <see cref="TransformRows"/> made back down the columns, Aᵀ (m A), and does what follows a convolution.</summary>
    static abstract void TransformColumns<TLanes, TActivation>(WinogradOutputRow* row, TActivation activation)
        where TLanes : struct, ILanes<TLanes>
        where TActivation : struct, IUnaryOperator;

    /// <summary>Floats of working memory that the inputs need.</summary>
    static abstract int ScratchLength { get; }
}

/// <summary>Tiles in a row whose outputs are to be stored, one block of channels.</summary>
internal unsafe struct WinogradOutputRow
{
    /// <summary>The first tile: (m+2) rows of m blocks.</summary>
    public float* Source;

    /// <summary>Floats from one tile to the next.</summary>
    public nint TileStep;

    /// <summary>Tiles.</summary>
    public int Tiles;

    /// <summary>Rows of outputs that lie in the image.</summary>
    public int Rows;

    /// <summary>Columns of outputs, of all the tiles, that lie in the image.</summary>
    public int Columns;

    /// <summary>The bias of the block.</summary>
    public float* Bias;

    /// <summary>Where the first tile's first output goes.</summary>
    public float* Destination;

    /// <summary>Floats from one row of the destination to the next.</summary>
    public nint DestinationRow;

    /// <summary>What is added to the first tile's first output, or null.</summary>
    public float* Residual;

    /// <summary>Floats from one row of the residual to the next.</summary>
    public nint ResidualRow;

    /// <summary>Where the sums of the outputs are added, a block; or null.</summary>
    public float* Sums;
}
