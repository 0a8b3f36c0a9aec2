using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Another order of the axes, for any element type. Where the innermost axis stays, rows are copied; else the plane of the
/// input's and the result's innermost axes is transposed in tiles, so that both sides use whole cache lines.</summary>
internal sealed unsafe class PermuteCpuKernel : Kernel<PermuteOp>
{
    // 32 x 32 elements: 4 KB on each side for F32.
    private const int Tile = 32;

    protected override bool Supports(PermuteOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(PermuteOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        byte* x = inputs[0].Bytes, y = outputs[0].Bytes;
        int size = inputs[0].DType.ByteSize;
        var plan = new PermutePlan(inputs[0].Shape, op.Permutation);
        if (plan.SourceStrides[0] == 1)
            CopyRows(plan, x, y, size);
        else
            TransposePlanes(plan, x, y, size);
    }

    private static void CopyRows(PermutePlan plan, byte* x, byte* y, int size)
    {
        int length = plan.Extents[0];
        int rows = 1;
        foreach (int extent in plan.Extents.AsSpan(1))
            rows *= extent;
        ParallelRows.ForRanges(rows, Math.Max(1, ElementwiseLoops.Grain / length), (from, to) =>
        {
            for (int row = from; row < to; row++)
            {
                var (source, _) = Offsets(plan, row, except: 0);
                NativeMemory.Copy(x + source * size, y + (long)row * length * size, (nuint)length * (nuint)size);
            }
        });
    }

    private static void TransposePlanes(PermutePlan plan, byte* x, byte* y, int size)
    {
        // The result's innermost axis is 0; the input's is the one with stride one.
        int inner = Array.IndexOf(plan.SourceStrides, 1);
        int columns = plan.Extents[0], rows = plan.Extents[inner];
        int planes = 1;
        for (int axis = 1; axis < plan.Extents.Length; axis++)
            planes *= axis == inner ? 1 : plan.Extents[axis];
        int bands = (rows + Tile - 1) / Tile;
        int grain = Math.Max(1, ElementwiseLoops.Grain / (columns * Math.Min(rows, Tile)));
        ParallelRows.ForRanges(checked(planes * bands), grain, (from, to) =>
        {
            for (int chunk = from; chunk < to; chunk++)
            {
                var (source, target) = Offsets(plan, chunk / bands, inner);
                int row = chunk % bands * Tile;
                int height = Math.Min(Tile, rows - row);
                byte* first = x + (source + row) * size;
                byte* result = y + (target + (long)row * plan.TargetStrides[inner]) * size;
                for (int column = 0; column < columns; column += Tile)
                {
                    int width = Math.Min(Tile, columns - column);
                    TileTranspose.Run(first + (long)column * plan.SourceStrides[0] * size, plan.SourceStrides[0],
                        result + (long)column * size, plan.TargetStrides[inner], width, height, size);
                }
            }
        });
    }

    /// <summary>Where a combination of the outer axes begins, counted without axis 0 and axis <paramref name="except"/>.</summary>
    private static (long Source, long Target) Offsets(PermutePlan plan, int index, int except)
    {
        long source = 0, target = 0;
        for (int axis = 1; axis < plan.Extents.Length; axis++)
        {
            if (axis == except)
                continue;
            int position = index % plan.Extents[axis];
            index /= plan.Extents[axis];
            source += (long)position * plan.SourceStrides[axis];
            target += (long)position * plan.TargetStrides[axis];
        }

        return (source, target);
    }
}
