using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>F(2, 3) along rows, points 0, 1, -1, ∞: a tile of four inputs in a row becomes four positions, four products become two outputs.</summary>
internal static unsafe class WinogradRows
{
    /// <summary>Outputs of a tile.</summary>
    public const int Outputs = 2;

    /// <summary>Positions of a tile.</summary>
    public const int Positions = 4;

    /// <summary>Rows of taps, which are summed directly.</summary>
    public const int TapRows = 3;

    private const int Block = BlockedLayout.Block;

    /// <summary>Tiles of a row of outputs.</summary>
    public static int Tiles(int width) => (width + Outputs - 1) / Outputs;

    /// <summary>Transforms the inputs of one block of channels: v[position][row][tile][16].</summary>
    /// <param name="source">The first input of the first row's first tile.</param>
    /// <param name="rowStride">Floats from one row of inputs to the next.</param>
    /// <param name="rows">Rows of inputs.</param>
    /// <param name="tiles">Tiles of a row.</param>
    /// <param name="v">Results.</param>
    /// <param name="positionStep">Floats from one position to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformInput<TLanes>(float* source, nint rowStride, int rows, int tiles, float* v, nint positionStep)
        where TLanes : struct, ILanes<TLanes>
    {
        for (; rows > 0; rows--)
        {
            float* from = source;
            for (int tile = 0; tile < tiles; tile++)
            {
                for (int lane = 0; lane < Block; lane += TLanes.Count)
                {
                    TLanes d0 = TLanes.Load(from + lane), d1 = TLanes.Load(from + Block + lane);
                    TLanes d2 = TLanes.Load(from + 2 * Block + lane), d3 = TLanes.Load(from + 3 * Block + lane);
                    (d0 - d2).Store(v + lane);
                    (d1 + d2).Store(v + positionStep + lane);
                    (d2 - d1).Store(v + 2 * positionStep + lane);
                    (d1 - d3).Store(v + 3 * positionStep + lane);
                }

                from += Outputs * Block;
                v += Block;
            }

            source += rowStride;
        }
    }

    /// <summary>Transforms products back, [position][row][tile][16], and does what follows a convolution.</summary>
    /// <param name="m">Products of one vector of output channels; the vector's lanes lie at the beginning of each sixteen.</param>
    /// <param name="positionStep">Floats from one position to the next.</param>
    /// <param name="rows">Rows of outputs.</param>
    /// <param name="width">Outputs of a row.</param>
    /// <param name="bias">The bias of the vector.</param>
    /// <param name="destination">Where the first output goes.</param>
    /// <param name="destinationRow">Floats from one row of it to the next.</param>
    /// <param name="residual">What is added to the first output, or null.</param>
    /// <param name="residualRow">Floats from one row of it to the next.</param>
    /// <param name="sums">Where the sums of the outputs are stored, or null.</param>
    /// <param name="activation">What is applied to each output.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformOutput<TLanes, TActivation>(
        float* m, nint positionStep, int rows, int width, float* bias, float* destination, nint destinationRow, float* residual, nint residualRow, float* sums, TActivation activation)
        where TLanes : struct, ILanes<TLanes>
        where TActivation : struct, IUnaryOperator
    {
        TLanes offset = TLanes.Load(bias), sum = TLanes.Broadcast(0);
        for (int y = 0; y < rows; y++)
        {
            float* to = destination + y * destinationRow;
            float* add = residual == null ? null : residual + y * residualRow;
            for (int x = 0; x < width; x += Outputs)
            {
                TLanes m0 = TLanes.Load(m), m1 = TLanes.Load(m + positionStep), m2 = TLanes.Load(m + 2 * positionStep), m3 = TLanes.Load(m + 3 * positionStep);
                sum += WinogradEpilogue.Store(to, add, offset + (m0 + m1 + m2), activation);
                if (x + 1 < width)
                    sum += WinogradEpilogue.Store(to + Block, add == null ? null : add + Block, offset + (m1 - m2 - m3), activation);
                m += Block;
                to += Outputs * Block;
                if (add != null)
                    add += Outputs * Block;
            }
        }

        if (sums != null)
            sum.Store(sums);
    }
}
