using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>C = A · B without shared memory, for products with few rows: filters with narrow groups, depthwise ones above all.</summary>
/// <remarks>
/// Mapping: thread t of group (x, y, z) computes four rows (from 4 · y) of one column of product z.
/// Traffic: each B value is read once for four rows; a warp reads neighbouring columns; A values are the same for a whole warp.
/// Bound by memory where rows are few, which is what it is for. No barrier: it is also the fast variant on simulated devices.
/// </remarks>
internal static class DirectKernel
{
    public const int RowsPerThread = 4;

    public static void Run<TA, TARow, TADepth, TB, TBRow, TBDepth, TC>(TA a, TB b, TC c, GemmDepth depth)
        where TA : struct, IGemmOperand<TARow, TADepth>
        where TARow : unmanaged
        where TADepth : unmanaged
        where TB : struct, IGemmOperand<TBRow, TBDepth>
        where TBRow : unmanaged
        where TBDepth : unmanaged
        where TC : struct, IGemmOutput
    {
        var part = GemmPart.OfGroup(depth);
        int batch = part.Batch, split = part.Split;
        int row = Grid.IdxY * RowsPerThread;
        int column = Grid.IdxX * Group.DimX + Group.IdxX;
        int columnOffset = c.Column(batch, column);
        if (columnOffset < 0)
            return;

        var bRow = b.Row(batch, column);
        var row0 = a.Row(batch, row);
        var row1 = a.Row(batch, row + 1);
        var row2 = a.Row(batch, row + 2);
        var row3 = a.Row(batch, row + 3);
        float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (int k = part.Begin; k < part.End; k++)
        {
            float value = b.Load(bRow, b.Depth(batch, k));
            var aDepth = a.Depth(batch, k);
            sum0 += a.Load(row0, aDepth) * value;
            sum1 += a.Load(row1, aDepth) * value;
            sum2 += a.Load(row2, aDepth) * value;
            sum3 += a.Load(row3, aDepth) * value;
        }

        Store(c, batch, split, row, columnOffset, sum0);
        Store(c, batch, split, row + 1, columnOffset, sum1);
        Store(c, batch, split, row + 2, columnOffset, sum2);
        Store(c, batch, split, row + 3, columnOffset, sum3);
    }

    private static void Store<TC>(TC c, int batch, int split, int row, int column, float value)
        where TC : struct, IGemmOutput
    {
        int offset = c.Row(batch, split, row);
        if (offset >= 0)
            c.Store(offset, column, value + c.RowBias(batch, row));
    }
}
