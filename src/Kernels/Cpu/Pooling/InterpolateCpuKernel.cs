using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Resampling row by row: two input rows are mixed as vectors, then their columns.</summary>
internal sealed unsafe class InterpolateCpuKernel : Kernel<InterpolateOp>
{
    protected override bool Supports(InterpolateOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(InterpolateOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var x = inputs[0].Shape;
        int height = x[2], width = x[3];
        var rows = new InterpolationTable(op.Mode, op.AlignCorners, op.ScaleHeight, op.Height, height);
        var columns = new InterpolationTable(op.Mode, op.AlignCorners, op.ScaleWidth, op.Width, width);
        bool mix = op.Mode == InterpolationMode.Bilinear;
        float* source = inputs[0].Floats, target = outputs[0].Floats;
        ParallelRows.ForRanges(x.Product(0, 2), PoolTaps.PlanesPerPiece(op.Height * op.Width), (from, to) =>
        {
            float* mixed = ThreadScratch.Floats(ThreadScratch.Use.Rows, width);
            for (int plane = from; plane < to; plane++)
            {
                float* image = source + (nint)plane * height * width, y = target + (nint)plane * op.Height * op.Width;
                for (int r = 0; r < op.Height; r++, y += op.Width)
                {
                    float* low = image + (nint)rows.Low[r] * width;
                    if (!mix)
                    {
                        for (int c = 0; c < op.Width; c++)
                            y[c] = low[columns.Low[c]];
                        continue;
                    }

                    new Span<float>(mixed, width).Clear();
                    RowSums.Add(low, 1 - rows.Weight[r], mixed, width);
                    RowSums.Add(image + (nint)rows.High[r] * width, rows.Weight[r], mixed, width);
                    for (int c = 0; c < op.Width; c++)
                        y[c] = (1 - columns.Weight[c]) * mixed[columns.Low[c]] + columns.Weight[c] * mixed[columns.High[c]];
                }
            }
        });
    }
}
