using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A factor that was rounded and packed before (<see cref="TensorPack{T, TRow, TDepth}"/>): whole slices of depth, row after row.</summary>
/// <param name="pieces">[batch, rows, pieces].</param>
/// <param name="rows">Rows of one matrix.</param>
/// <param name="rowPieces">Pieces of a row.</param>
internal readonly struct PackedRows(ArrayView<Word4> pieces, int rows, int rowPieces) : ITensorOperand<int>
{
    private readonly ArrayView<Word4> _pieces = pieces;
    private readonly int _rows = rows;
    private readonly int _rowPieces = rowPieces;

    public static bool RowsAreNeighbours => false;

    // Rows behind the last repeat it: what they give is never stored.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int batch, int row) => (batch * _rows + IntrinsicMath.Min(row, _rows - 1)) * _rowPieces;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int EntriesPerPiece<TFormat>()
        where TFormat : struct, ITensorFormat =>
        0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Word4 Entry(int index) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch<TMachine, TFormat>(int row, int slice, int piece, ArrayView<Word4> table, ref FetchedPiece to)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat =>
        to.Packed = _pieces[row + slice + piece];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word4 Pack<TFormat>(FetchedPiece piece)
        where TFormat : struct, ITensorFormat =>
        piece.Packed;
}
