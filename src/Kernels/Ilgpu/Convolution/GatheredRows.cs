using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Patches of images as a factor on tensor cores: pixels and taps, either of them as rows and the other as depth, each with an offset and with
/// bits that say which rows and columns of the filter leave the image. What a load needs beyond the row is one entry, the same for a whole warp.</summary>
/// <param name="image">The images.</param>
/// <param name="rows">Row by row.</param>
/// <param name="rowCount">Number of rows.</param>
/// <param name="depths">Depth by depth, two a piece of 16 bytes; behind the last such as meet nothing.</param>
/// <param name="groupStride">Elements from a group's first channel to the next group's.</param>
internal readonly struct GatheredRows(ArrayView<float> image, ArrayView<PatchEntry> rows, int rowCount, ArrayView<PatchEntry> depths, int groupStride)
    : ITensorOperand<GatheredRow>
{
    private readonly ArrayView<float> _image = image;
    private readonly ArrayView<PatchEntry> _rows = rows;
    private readonly ArrayView<Word4> _depths = depths.Cast<Word4>();
    private readonly long _address = image.LoadEffectiveAddressAsPtr().ToInt64();
    private readonly int _rowCount = rowCount;
    private readonly int _groupStride = groupStride;

    public static bool RowsAreNeighbours => true;

    // Rows behind the last repeat it: what they give is never stored.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GatheredRow Row(int batch, int row)
    {
        var entry = _rows[IntrinsicMath.Min(row, _rowCount - 1)];
        var gathered = default(GatheredRow);
        gathered.Offset = entry.Offset + batch * _groupStride;
        gathered.Lines = entry.Lines;
        gathered.Address = _address + 4L * gathered.Offset;
        return gathered;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int EntriesPerPiece<TFormat>()
        where TFormat : struct, ITensorFormat =>
        2 * TFormat.PerWord;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Word4 Entry(int index) => _depths[index];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch<TMachine, TFormat>(GatheredRow row, int slice, int piece, ArrayView<Word4> table, ref FetchedPiece to)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat
    {
        var entries = table.SubView(piece * 2 * TFormat.PerWord);
        Fetch<TMachine>(row, entries[0], ref to.Low.X, ref to.Low.Y);
        Fetch<TMachine>(row, entries[1], ref to.Low.Z, ref to.Low.W);
        if (TFormat.PerWord > 1)
        {
            Fetch<TMachine>(row, entries[2], ref to.High.X, ref to.High.Y);
            Fetch<TMachine>(row, entries[3], ref to.High.Z, ref to.High.W);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Word4 Pack<TFormat>(FetchedPiece piece)
        where TFormat : struct, ITensorFormat =>
        Piece16.Pack<TFormat>(piece.Low, piece.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fetch<TMachine>(GatheredRow row, Word4 entries, ref float first, ref float second)
        where TMachine : struct, ITensorMachine
    {
        first = TMachine.LoadOrZero(_image, row.Offset, row.Address, (int)entries.X, row.Lines & entries.Y);
        second = TMachine.LoadOrZero(_image, row.Offset, row.Address, (int)entries.Z, row.Lines & entries.W);
    }
}

/// <summary>What a thread knows of its row of <see cref="GatheredRows"/>.</summary>
internal struct GatheredRow
{
    /// <summary>Where the row begins, for kernels that have addresses.</summary>
    public long Address;

    /// <summary>The same in elements from the first of the image, for those that have none.</summary>
    public int Offset;

    /// <summary>Bits of <see cref="PatchEntry.Lines"/>.</summary>
    public uint Lines;
}

/// <summary>A pixel or a tap: together they meet the element at the sum of their offsets, or a zero if they have a bit in common.</summary>
internal struct PatchEntry
{
    /// <summary>Most rows, and most columns, of a filter: each has a bit. Filters with more are not for tensor cores.</summary>
    public const int MaxLines = 15;

    /// <summary>The bit that every pixel has, and every tap behind the last.</summary>
    public const uint Nothing = 1u << 2 * MaxLines;

    /// <summary>Elements from the image's first to the window's origin, which may lie outside, or from there to the tap.</summary>
    public int Offset;

    /// <summary>Of a pixel: bits of the filter's rows and, behind them, columns that leave the image. Of a tap: the bits of its row and its column.</summary>
    public uint Lines;

    /// <summary>The entries of taps.</summary>
    /// <param name="taps">With those at the end that meet nothing.</param>
    /// <param name="positions">Rows and columns of the filter: the taps of one channel.</param>
    public static PatchEntry[] Of(Tap[] taps, FilterPositions positions)
    {
        var entries = new PatchEntry[taps.Length];
        for (int i = 0; i < taps.Length; i++)
        {
            int position = i % Math.Max(1, positions.Count);
            entries[i] = taps[i].Weight >= 0
                ? new PatchEntry { Offset = taps[i].Offset, Lines = 1u << position / positions.Columns | 1u << MaxLines + position % positions.Columns }
                : new PatchEntry { Lines = Nothing };
        }

        return entries;
    }
}

/// <summary>How many rows and columns of a filter there are.</summary>
internal readonly record struct FilterPositions(int Rows, int Columns)
{
    public int Count => Rows * Columns;

    /// <summary>Whether each row and each column has a bit in <see cref="PatchEntry.Lines"/>.</summary>
    public bool FitTensorCores => Rows <= PatchEntry.MaxLines && Columns <= PatchEntry.MaxLines;
}
