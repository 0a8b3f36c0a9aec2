using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A stored matrix whose depth is contiguous: A by rows, or B by columns.</summary>
/// <param name="data">The matrices of a batch.</param>
/// <param name="rows">Rows of one matrix.</param>
/// <param name="depth">Depth of one matrix.</param>
/// <param name="batchStride">Elements from a matrix to the next; zero if all products share it.</param>
/// <param name="rowStride">Elements from a row to the next.</param>
internal readonly struct DepthMajorMatrix(ArrayView<float> data, int rows, int depth, int batchStride, int rowStride) : IGemmOperand<int, int>
{
    private readonly ArrayView<float> _data = data;
    private readonly int _rows = rows;
    private readonly int _depth = depth;
    private readonly int _batchStride = batchStride;
    private readonly int _rowStride = rowStride;

    public static bool DepthIsContiguous => true;

    // Rows behind the last repeat it: what they give is never stored.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int row) => batch * _batchStride + IntrinsicMath.Min(row, _rows - 1) * _rowStride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Depth(int batch, int depth) => Utilities.Select(depth < _depth, depth, -1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(int row, int depth) => Utilities.Select(depth >= 0, _data[row + IntrinsicMath.Max(depth, 0)], 0f);
}

/// <summary>A stored matrix whose rows are contiguous: A by columns, or B by rows.</summary>
/// <param name="data">The matrices of a batch.</param>
/// <param name="rows">Rows of one matrix.</param>
/// <param name="depth">Depth of one matrix.</param>
/// <param name="batchStride">Elements from a matrix to the next; zero if all products share it.</param>
/// <param name="depthStride">Elements from a depth to the next.</param>
internal readonly struct RowMajorMatrix(ArrayView<float> data, int rows, int depth, int batchStride, int depthStride) : IGemmOperand<int, int>
{
    private readonly ArrayView<float> _data = data;
    private readonly int _rows = rows;
    private readonly int _depth = depth;
    private readonly int _batchStride = batchStride;
    private readonly int _depthStride = depthStride;

    public static bool DepthIsContiguous => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int row) => batch * _batchStride + IntrinsicMath.Min(row, _rows - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Depth(int batch, int depth) => Utilities.Select(depth < _depth, depth * _depthStride, -1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Load(int row, int depth) => Utilities.Select(depth >= 0, _data[row + IntrinsicMath.Max(depth, 0)], 0f);
}

/// <summary>A stored row-major matrix as the result.</summary>
/// <param name="data">[splits, batch, rows, columns].</param>
/// <param name="rows">Rows of one matrix.</param>
/// <param name="columns">Columns of one matrix.</param>
/// <param name="splitStride">Elements from a partial result to the next.</param>
/// <param name="bias">One number a column, if <paramref name="biased"/>.</param>
/// <param name="biased">Add the bias.</param>
internal readonly struct MatrixOutput(ArrayView<float> data, int rows, int columns, int splitStride, ArrayView<float> bias, bool biased) : IGemmOutput
{
    private readonly ArrayView<float> _data = data;
    private readonly int _rows = rows;
    private readonly int _columns = columns;
    private readonly int _splitStride = splitStride;
    private readonly ArrayView<float> _bias = bias;
    private readonly int _biased = biased ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int split, int row) => row < _rows ? split * _splitStride + (batch * _rows + row) * _columns : -1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float RowBias(int batch, int row) => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Column(int batch, int column) => column < _columns ? column : -1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Store(int rowOffset, int columnOffset, float value) =>
        _data[rowOffset + columnOffset] = value + (_biased != 0 ? _bias[columnOffset] : 0);

    public RowSums Sums => default;
}
