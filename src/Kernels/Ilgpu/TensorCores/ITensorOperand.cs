using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>One factor of a product on tensor cores: rows that come in pieces of 16 bytes of depth, four numbers of 32 bits or eight of 16.</summary>
/// <remarks>"Row" is a row of A or a column of B. Whatever depends on the row alone is worked out once, before the first piece.
/// Behind the last depth pieces hold zeros.</remarks>
/// <typeparam name="TRow">What is known of a row.</typeparam>
internal interface ITensorOperand<TRow>
    where TRow : unmanaged
{
    /// <summary>Neighbouring threads take one piece of neighbouring rows (true) or the pieces of a row (false): whichever is contiguous in memory.</summary>
    static abstract bool RowsAreNeighbours { get; }

    /// <summary>Everything that depends on the row alone.</summary>
    /// <param name="batch">Which matrix of a batch, or which group of a convolution.</param>
    /// <param name="row">May lie beyond the last row.</param>
    TRow Row(int batch, int row);

    /// <summary>Words of the table of depths that belong to a piece; all threads look up the same ones, so a group brings them to shared memory ahead.</summary>
    static abstract int EntriesPerPiece<TFormat>()
        where TFormat : struct, ITensorFormat;

    /// <summary>A word of that table.</summary>
    Word4 Entry(int index);

    /// <summary>Loads a piece as it lies in memory; nothing waits for it yet.</summary>
    /// <param name="row">The row.</param>
    /// <param name="slice">First piece of the slice.</param>
    /// <param name="piece">Piece within the slice.</param>
    /// <param name="table">The table's part for the slice.</param>
    /// <param name="to">Where the piece goes.</param>
    void Fetch<TMachine, TFormat>(TRow row, int slice, int piece, ArrayView<Word4> table, ref FetchedPiece to)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat;

    /// <summary>The piece as the tensor cores take it.</summary>
    static abstract Word4 Pack<TFormat>(FetchedPiece piece)
        where TFormat : struct, ITensorFormat;
}

/// <summary>A piece on its way from global to shared memory: packed, or as up to eight numbers of F32.</summary>
internal struct FetchedPiece
{
    public Word4 Packed;
    public Float4 Low, High;
}
