using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>How to walk over operands that are repeated to a common shape: rows of contiguous results, along which every operand
/// either moves in step or stands still.</summary>
/// <remarks>Neighbouring axes that all operands treat alike are joined, so that equal shapes become one row and a channel times planes
/// becomes one row per plane.</remarks>
internal sealed class BroadcastPlan
{
    /// <summary>Computes one row.</summary>
    /// <param name="offsets">First element of each operand.</param>
    /// <param name="result">First element of the result.</param>
    /// <param name="count">Length of the row.</param>
    public delegate void RowBody(ReadOnlySpan<int> offsets, int result, int count);

    private readonly int _operands;

    // Joined axes from the innermost; per axis the extent and the stride of every operand.
    private readonly List<int> _extents = [];
    private readonly List<int[]> _strides = [];

    /// <param name="result">The common shape.</param>
    /// <param name="operands">Shapes that repeat to it.</param>
    public BroadcastPlan(Shape result, params ReadOnlySpan<Shape> operands)
    {
        _operands = operands.Length;
        var steps = new int[_operands];
        Array.Fill(steps, 1);
        for (int axis = 1; axis <= result.Rank; axis++)
        {
            int extent = result[result.Rank - axis];
            var strides = new int[_operands];
            for (int k = 0; k < _operands; k++)
            {
                int own = axis <= operands[k].Rank ? operands[k][operands[k].Rank - axis] : 1;
                strides[k] = own == 1 ? 0 : steps[k];
                steps[k] *= own;
            }

            if (extent == 1)
                continue;
            if (_extents.Count > 0 && Continues(strides))
                _extents[^1] *= extent;
            else
            {
                _extents.Add(extent);
                _strides.Add(strides);
            }
        }

        if (_extents.Count == 0)
        {
            _extents.Add(1);
            _strides.Add(new int[_operands]);
        }

        RowLength = _extents[0];
        Rows = 1;
        for (int axis = 1; axis < _extents.Count; axis++)
            Rows *= _extents[axis];
    }

    /// <summary>Results in one row.</summary>
    public int RowLength { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>0 if an operand stands still along rows, else 1.</summary>
    public int Step(int operand) => _strides[0][operand];

    /// <summary>Runs <paramref name="body"/> on every row, long rows in pieces, on several threads.</summary>
    public void ForRows(RowBody body)
    {
        const int Grain = ElementwiseLoops.Grain;
        if (RowLength > Grain)
        {
            int pieces = (RowLength + Grain - 1) / Grain;
            ParallelRows.For(checked(Rows * pieces), chunk =>
            {
                int from = chunk % pieces * Grain;
                Walk(chunk / pieces, 1, from, Math.Min(Grain, RowLength - from), body);
            });
            return;
        }

        ParallelRows.ForRanges(Rows, Math.Max(1, Grain / RowLength), (from, to) => Walk(from, to - from, 0, RowLength, body));
    }

    private void Walk(int row, int rows, int from, int count, RowBody body)
    {
        Span<int> position = stackalloc int[_extents.Count];
        Span<int> offsets = stackalloc int[_operands];
        int rest = row;
        for (int k = 0; k < _operands; k++)
            offsets[k] = from * Step(k);
        for (int axis = 1; axis < _extents.Count; axis++)
        {
            position[axis] = rest % _extents[axis];
            rest /= _extents[axis];
            for (int k = 0; k < _operands; k++)
                offsets[k] += position[axis] * _strides[axis][k];
        }

        for (int i = 0; i < rows; i++)
        {
            body(offsets, (row + i) * RowLength + from, count);
            // An odometer: the next row, carrying into outer axes.
            for (int axis = 1; axis < _extents.Count; axis++)
            {
                bool carry = ++position[axis] == _extents[axis];
                int back = carry ? position[axis] - 1 : -1;
                for (int k = 0; k < _operands; k++)
                    offsets[k] -= back * _strides[axis][k];
                if (!carry)
                    break;
                position[axis] = 0;
            }
        }
    }

    private bool Continues(int[] strides)
    {
        for (int k = 0; k < _operands; k++)
        {
            if (strides[k] != _strides[^1][k] * _extents[^1])
                return false;
        }

        return true;
    }
}
