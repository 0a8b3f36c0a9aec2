using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Patches of images as a factor on tensor cores: pixels and taps, either of them as rows and the other as depth, each with an offset and with
/// bits that say which taps stay within the image. What a load needs beyond the row is one entry, the same for a whole warp.</summary>
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
        gathered.Taps = entry.Taps;
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
        first = TMachine.LoadOrZero(_image, row.Offset, row.Address, (int)entries.X, row.Taps & entries.Y);
        second = TMachine.LoadOrZero(_image, row.Offset, row.Address, (int)entries.Z, row.Taps & entries.W);
    }
}

/// <summary>What a thread knows of its row of <see cref="GatheredRows"/>.</summary>
internal struct GatheredRow
{
    /// <summary>Where the row begins, for kernels that have addresses.</summary>
    public long Address;

    /// <summary>The same in elements from the first of the image, for those that have none.</summary>
    public int Offset;

    /// <summary>Bits of <see cref="PatchEntry.Taps"/>.</summary>
    public uint Taps;
}

/// <summary>A pixel or a tap: together they meet the element at the sum of their offsets, if they have a bit in common, and else a zero.</summary>
internal struct PatchEntry
{
    /// <summary>Most positions of a filter, each a bit; filters with more are not for tensor cores.</summary>
    public const int MaxPositions = 32;

    /// <summary>Elements from the image's first to the window's origin, which may lie outside, or from there to the tap.</summary>
    public int Offset;

    /// <summary>Of a pixel: bits of the positions that lie in its image. Of a tap: the bit of its position.</summary>
    public uint Taps;

    /// <summary>The entries of taps.</summary>
    /// <param name="taps">With those at the end that meet nothing.</param>
    /// <param name="positions">Positions of the filter: the taps of one channel.</param>
    public static PatchEntry[] Of(Tap[] taps, int positions)
    {
        var entries = new PatchEntry[taps.Length];
        for (int i = 0; i < taps.Length; i++)
        {
            if (taps[i].Weight >= 0)
                entries[i] = new PatchEntry { Offset = taps[i].Offset, Taps = 1u << i % positions };
        }

        return entries;
    }
}
