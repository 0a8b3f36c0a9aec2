using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Where an output row (or column) samples the input; the tables are made by the engine's own rule.</summary>
internal struct ResampleTap(int low, int high, float highWeight)
{
    public int Low = low;
    public int High = high;
    public float HighWeight = highWeight;
}

/// <summary>First and last output row (or column) that samples an input row; none if First is above Last.</summary>
internal struct ResampleRange(int first, int last)
{
    public int First = first;
    public int Last = last;
}

/// <summary>Tables of one axis of a resampling, uploaded once for each geometry.</summary>
internal readonly record struct ResampleAxis(InterpolationMode Mode, bool AlignCorners, double Scale, int Output, int Input)
{
    public static ResampleTap[] Taps(ResampleAxis axis)
    {
        var taps = new ResampleTap[axis.Output];
        for (int i = 0; i < taps.Length; i++)
        {
            var tap = InterpolationTap.At(axis.Mode, axis.AlignCorners, axis.Scale, i, axis.Output, axis.Input);
            taps[i] = new ResampleTap(tap.Low, tap.High, (float)tap.HighWeight);
        }

        return taps;
    }

    public static ResampleRange[] Ranges(ResampleAxis axis)
    {
        var ranges = new ResampleRange[axis.Input];
        Array.Fill(ranges, new ResampleRange(int.MaxValue, -1));
        var taps = Taps(axis);
        for (int i = 0; i < taps.Length; i++)
        {
            foreach (int place in (int[])[taps[i].Low, taps[i].High])
                ranges[place] = new ResampleRange(Math.Min(ranges[place].First, i), Math.Max(ranges[place].Last, i));
        }

        return ranges;
    }
}

/// <summary>Extents of a resampling.</summary>
internal readonly struct ResampleShape(Shape input, Shape output)
{
    public readonly int InputHeight = input[2];
    public readonly int InputWidth = input[3];
    public readonly int OutputHeight = output[2];
    public readonly int OutputWidth = output[3];
}

/// <summary>Nearest and bilinear resampling.</summary>
/// <remarks>Mapping: one thread an output, striding over the grid; up to four reads, through the caches.</remarks>
internal sealed class InterpolateIlgpuKernel(GpuQueue queue) : IlgpuKernel<InterpolateOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<ResampleTap>, ArrayView<ResampleTap>, ResampleShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<ResampleTap>, ArrayView<ResampleTap>, ResampleShape>("interpolate", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<float> y, ArrayView<ResampleTap> rows, ArrayView<ResampleTap> columns, ResampleShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = i / shape.OutputWidth;
            int plane = line / shape.OutputHeight;
            var row = rows[line - plane * shape.OutputHeight];
            var column = columns[i - line * shape.OutputWidth];
            int top = (plane * shape.InputHeight + row.Low) * shape.InputWidth, bottom = (plane * shape.InputHeight + row.High) * shape.InputWidth;
            // A weight of zero leaves its sample out: it may be infinite.
            float upper = Blend(x[top + column.Low], x[top + column.High], column.HighWeight);
            float lower = Blend(x[bottom + column.Low], x[bottom + column.High], column.HighWeight);
            y[i] = Blend(upper, lower, row.HighWeight);
        }
    }

    protected override void Run(InterpolateOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, y) = (inputs[0], outputs[0]);
        var rows = Queue.Tables.Get(new ResampleAxis(op.Mode, op.AlignCorners, op.ScaleHeight, op.Height, x.Shape[2]), ResampleAxis.Taps);
        var columns = Queue.Tables.Get(new ResampleAxis(op.Mode, op.AlignCorners, op.ScaleWidth, op.Width, x.Shape[3]), ResampleAxis.Taps);
        Queue.Launch(Kernel, Queue.Over(y.Spec.ElementCount, 1), x.Floats, y.Floats, rows, columns, new ResampleShape(x.Shape, y.Shape));
    }

    private static float Blend(float low, float high, float highWeight) =>
        highWeight == 0 ? low : highWeight == 1 ? high : low * (1 - highWeight) + high * highWeight;
}

/// <summary>Gradient of the resampling: each input element collects from the outputs that sampled it.</summary>
/// <remarks>Mapping: one thread an element of the input's gradient, striding over the grid; outputs in ascending order, no atomics.</remarks>
internal sealed class InterpolateGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<InterpolateGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, Tables, ResampleShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, Tables, ResampleShape>("interpolate-grad", GpuQueue.MaxGroup, Body);

    /// <summary>Samples and their inverse for both axes.</summary>
    internal readonly struct Tables(ArrayView<ResampleTap> rows, ArrayView<ResampleTap> columns, ArrayView<ResampleRange> rowRanges, ArrayView<ResampleRange> columnRanges)
    {
        public readonly ArrayView<ResampleTap> Rows = rows;
        public readonly ArrayView<ResampleTap> Columns = columns;
        public readonly ArrayView<ResampleRange> RowRanges = rowRanges;
        public readonly ArrayView<ResampleRange> ColumnRanges = columnRanges;
    }

    public static void Body(ArrayView<float> dy, ArrayView<float> dx, Tables tables, ResampleShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = dx.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = i / shape.InputWidth;
            int plane = line / shape.InputHeight;
            int y = line - plane * shape.InputHeight, x = i - line * shape.InputWidth;
            var rows = tables.RowRanges[y];
            var columns = tables.ColumnRanges[x];
            float sum = 0;
            for (int r = rows.First; r <= rows.Last; r++)
            {
                float rowWeight = Weight(tables.Rows[r], y);
                int first = (plane * shape.OutputHeight + r) * shape.OutputWidth;
                for (int c = columns.First; c <= columns.Last; c++)
                {
                    float weight = rowWeight * Weight(tables.Columns[c], x);
                    if (weight != 0)
                        sum += weight * dy[first + c];
                }
            }

            dx[i] = sum;
        }
    }

    protected override void Run(InterpolateGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (dy, dx) = (inputs[0], outputs[0]);
        var rows = new ResampleAxis(op.Mode, op.AlignCorners, op.ScaleHeight, dy.Shape[2], dx.Shape[2]);
        var columns = new ResampleAxis(op.Mode, op.AlignCorners, op.ScaleWidth, dy.Shape[3], dx.Shape[3]);
        var tables = new Tables(
            Queue.Tables.Get(rows, ResampleAxis.Taps), Queue.Tables.Get(columns, ResampleAxis.Taps),
            Queue.Tables.Get(rows, ResampleAxis.Ranges), Queue.Tables.Get(columns, ResampleAxis.Ranges));
        Queue.Launch(Kernel, Queue.Over(dx.Spec.ElementCount, 1), dy.Floats, dx.Floats, tables, new ResampleShape(dx.Shape, dy.Shape));
    }

    /// <summary>How much of an output comes from the input position; both samples may fall on it.</summary>
    private static float Weight(ResampleTap tap, int position) =>
        (tap.Low == position ? 1 - tap.HighWeight : 0) + (tap.High == position ? tap.HighWeight : 0);
}
