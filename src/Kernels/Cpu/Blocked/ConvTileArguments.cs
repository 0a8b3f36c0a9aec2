namespace ResNeSt.Kernels.Cpu;

/// <summary>What a register tile reads and writes. The sums run over blocks of input channels, rows of taps, taps, and channels of the block, in this order;
/// the weights lie in the same order, all vectors of a step together.</summary>
/// <remarks>A planar image fits too: its planes take the place of blocks, and the taps of a row that of the block's channels.</remarks>
internal unsafe struct ConvTileArguments
{
    /// <summary>The first block's first channel under the first tap of the first pixel.</summary>
    public float* Source;

    /// <summary>Floats from the first row of pixels to the second.</summary>
    public nint SecondRow;

    /// <summary>Blocks of input channels.</summary>
    public nint Blocks;

    /// <summary>Floats from one block to the next.</summary>
    public nint BlockStep;

    /// <summary>Channels of a block that lies neither first nor last.</summary>
    public nint BlockLanes;

    /// <summary>First channel of the first block.</summary>
    public nint FirstLane;

    /// <summary>End of the channels of the last block.</summary>
    public nint LastLanes;

    /// <summary>Rows of taps.</summary>
    public nint TapRows;

    /// <summary>Floats from one row of taps to the next.</summary>
    public nint TapRowStep;

    /// <summary>Taps of a row.</summary>
    public nint Taps;

    /// <summary>Floats from one tap to the next.</summary>
    public nint TapStep;

    /// <summary>Weights of the panel.</summary>
    public float* Weights;

    /// <summary>What will be read soon: fetched to the second-level cache while the sums are computed, line after line and evenly, because each line on its
    /// way from memory takes one of the few places for lines that the weights in the cache need too.</summary>
    public float* Next;

    /// <summary>Floats of it for each step of the sums, at most a line; where it is less, lines are asked for several times.</summary>
    public nint NextStep;

    /// <summary>What the sums begin with, one vector after the other; or null.</summary>
    public float* Bias;

    /// <summary>Where the first pixel's first vector goes; pixels of a row lie a block of channels apart.</summary>
    public float* Destination;

    /// <summary>Pixels of the tile that lie in its first row of results; the rest lies in the next one.</summary>
    public nint Split;

    /// <summary>Floats from one vector of a pixel to the next.</summary>
    public nint SecondVector;

    /// <summary>Floats between the last pixel of a row and the first one of the next.</summary>
    public nint DestinationGap;

    /// <summary>What is added, laid out like the destination but with strides of its own; or null.</summary>
    public float* Residual;

    /// <summary>Floats from one vector of a pixel to the next.</summary>
    public nint ResidualSecondVector;

    /// <summary>Floats between the last pixel of a row and the first one of the next.</summary>
    public nint ResidualGap;

    /// <summary>Whether results are limited to [<see cref="Low"/>, <see cref="High"/>].</summary>
    public bool Clamps;

    /// <summary>The lower limit.</summary>
    public float Low;

    /// <summary>The upper limit.</summary>
    public float High;

    /// <summary>Where the sum over the tile's pixels is added, one vector after the other; or null.</summary>
    public float* PoolSums;
}
