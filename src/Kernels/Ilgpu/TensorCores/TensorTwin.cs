using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>What the instructions of <see cref="TensorHardware"/> do, lane by lane, for simulated devices with warps of 32.</summary>
/// <remarks>Products follow the fragment layouts of the PTX ISA (section "Matrix multiply-accumulate operation using mma instruction"): a kernel that
/// gives a lane the wrong word gives wrong sums here too. Copies are as unkind as hardware may be: one spoils its target when it starts and brings
/// its bytes only when its group is waited for. Reading too early, overwriting too early and a missing wait all show.</remarks>
internal struct TensorTwin : ITensorMachine
{
    // What each lane shows to the others: of four row tiles and two pairs of column tiles the row that it gave to ldmatrix.
    private const int WordsPerLane = 24;

    private const int RecordLength = 3, FromFirst = 0, FromSecond = 1, FromNowhere = 2;
    private const uint Spoilt = 0xFFFFFFFF; // NaN in every format

    private MicroTile _sums;
    private ArrayView<Word4> _shared, _first, _second;
    private ArrayView<uint> _shown;
    private ArrayView<int> _records; // of this thread's copies, a ring
    private int _capacity, _started, _ended, _delivered, _lastGroup;

    public readonly uint Base => 0;

    public void Open<TTile>(ArrayView<Word4> shared)
        where TTile : unmanaged, ITensorTile
    {
        _shared = shared;
        _shown = SharedMemory.Allocate<uint>(TTile.Threads * WordsPerLane);
    }

    public static float LoadOrZero(ArrayView<float> image, int from, long address, int offset, uint missed) => missed == 0 ? image[from + offset] : 0;

    public void OpenCopies<TTile>(ArrayView<Word4> first, long firstAddress, ArrayView<Word4> second, long secondAddress)
        where TTile : unmanaged, ITensorTile
    {
        (_first, _second) = (first, second);
        _capacity = TensorConvKernel.Stages * 2 * TensorConvKernel.SlicePieces * TTile.Side / TTile.Threads;
        _records = SharedMemory.Allocate<int>(TensorConvKernel.Stages * 2 * TensorConvKernel.SlicePieces * TTile.Side * RecordLength)
            .SubView(Group.IdxX * _capacity * RecordLength, _capacity * RecordLength);
    }

    public void CopyOrClear(uint slot, int index, int bytes) => Start(slot, index, bytes == 0 ? FromNowhere : FromFirst);

    public void Copy(uint slot, int index) => Start(slot, index, FromSecond);

    public void Commit()
    {
        _lastGroup = _started - _ended;
        _ended = _started;
    }

    public void WaitForAllButOne()
    {
        for (; _delivered < _ended - _lastGroup; _delivered++)
        {
            int record = _delivered % _capacity * RecordLength, index = _records[record + 1], from = _records[record + 2];
            _shared[_records[record]] = from == FromNowhere ? default : from == FromFirst ? _first[index] : _second[index];
        }
    }

    public void Step<TFormat>(uint left, uint right, uint apart)
        where TFormat : struct, ITensorFormat
    {
        // Read before any barrier of the twin: one that the kernel forgot must not be made up for here.
        Word4 row0 = _shared[(int)(left / 16)], row1 = _shared[(int)((left + apart) / 16)];
        Word4 row2 = _shared[(int)((left + 2 * apart) / 16)], row3 = _shared[(int)((left + 3 * apart) / 16)];
        Word4 column0 = _shared[(int)(right / 16)], column1 = _shared[(int)((right + apart) / 16)];
        var mine = _shown.Cast<Word4>().SubView(Group.IdxX * WordsPerLane / 4, WordsPerLane / 4);
        // Slower lanes may still read what was shown for the step before.
        Group.Barrier();
        mine[0] = row0;
        mine[1] = row1;
        mine[2] = row2;
        mine[3] = row3;
        mine[4] = column0;
        mine[5] = column1;
        Group.Barrier();
        var warp = _shown.SubView(Group.IdxX / WarpRegisters.Lanes * WarpRegisters.Lanes * WordsPerLane, WarpRegisters.Lanes * WordsPerLane);
        Add<TFormat>(ref _sums.L0, ref _sums.R0, warp, 0, 0);
        Add<TFormat>(ref _sums.L1, ref _sums.R1, warp, 0, 8);
        Add<TFormat>(ref _sums.L2, ref _sums.R2, warp, 1, 0);
        Add<TFormat>(ref _sums.L3, ref _sums.R3, warp, 1, 8);
        Add<TFormat>(ref _sums.L4, ref _sums.R4, warp, 2, 0);
        Add<TFormat>(ref _sums.L5, ref _sums.R5, warp, 2, 8);
        Add<TFormat>(ref _sums.L6, ref _sums.R6, warp, 3, 0);
        Add<TFormat>(ref _sums.L7, ref _sums.R7, warp, 3, 8);
    }

    public readonly void Collect(ref MicroTile sums) => sums = _sums;

    private void Start(uint slot, int index, int from)
    {
        var spoilt = default(Word4);
        spoilt.X = spoilt.Y = spoilt.Z = spoilt.W = Spoilt;
        _shared[(int)(slot / 16)] = spoilt;
        int record = _started++ % _capacity * RecordLength;
        _records[record] = (int)(slot / 16);
        _records[record + 1] = index;
        _records[record + 2] = from;
    }

    /// <summary>Adds to this lane's sums of one row: row lane / 4 of the upper (0) or lower (8) half of a row tile, columns 2 · (lane % 4) and the next of
    /// each column tile.</summary>
    /// <remarks>ldmatrix takes row i % 8 of matrix i / 8 from lane i. Matrices of a row tile: upper and lower half of the first four words, then of the last
    /// four; of a pair of column tiles: first and last four words of the one, then of the other.</remarks>
    private static void Add<TFormat>(ref Float4 l, ref Float4 r, ArrayView<uint> warp, int rowTile, int half)
        where TFormat : struct, ITensorFormat
    {
        int left = (half + Warp.LaneIdx / 4) * WordsPerLane + 4 * rowTile, right = Warp.LaneIdx % 4 * 2 * WordsPerLane + 16;
        l.X += Dot<TFormat>(warp, left, right);
        l.Y += Dot<TFormat>(warp, left, right + WordsPerLane);
        l.Z += Dot<TFormat>(warp, left, right + 16 * WordsPerLane);
        l.W += Dot<TFormat>(warp, left, right + 17 * WordsPerLane);
        r.X += Dot<TFormat>(warp, left, right + 4);
        r.Y += Dot<TFormat>(warp, left, right + WordsPerLane + 4);
        r.Z += Dot<TFormat>(warp, left, right + 16 * WordsPerLane + 4);
        r.W += Dot<TFormat>(warp, left, right + 17 * WordsPerLane + 4);
    }

    /// <summary>Row times column: the first four words, and the last four in matrices further on.</summary>
    private static float Dot<TFormat>(ArrayView<uint> warp, int left, int right)
        where TFormat : struct, ITensorFormat
    {
        float sum = 0;
        for (int word = 0; word < 4; word++)
        {
            sum += TFormat.Dot(warp[left + word], warp[right + word]);
            sum += TFormat.Dot(warp[left + 16 * WordsPerLane + word], warp[right + 8 * WordsPerLane + word]);
        }

        return sum;
    }
}
