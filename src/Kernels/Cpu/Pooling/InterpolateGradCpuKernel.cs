using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gives each upstream gradient to the samples that its output was mixed from; each plane belongs to one thread.</summary>
internal sealed unsafe class InterpolateGradCpuKernel : Kernel<InterpolateGradOp>
{
    protected override bool Supports(InterpolateGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(InterpolateGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var dy = inputs[0].Shape;
        int height = op.InputHeight, width = op.InputWidth;
        var rows = new InterpolationTable(op.Mode, op.AlignCorners, op.ScaleHeight, dy[2], height);
        var columns = new InterpolationTable(op.Mode, op.AlignCorners, op.ScaleWidth, dy[3], width);
        float* upstream = inputs[0].Floats, target = outputs[0].Floats;
        ParallelRows.ForRanges(dy.Product(0, 2), PoolTaps.PlanesPerPiece(height * width), (from, to) =>
        {
            float* share = ThreadScratch.Floats(ThreadScratch.Use.Rows, width);
            new Span<float>(target + (nint)from * height * width, (to - from) * height * width).Clear();
            for (int plane = from; plane < to; plane++)
            {
                float* image = target + (nint)plane * height * width, gradient = upstream + (nint)plane * dy[2] * dy[3];
                for (int r = 0; r < dy[2]; r++, gradient += dy[3])
                {
                    new Span<float>(share, width).Clear();
                    for (int c = 0; c < dy[3]; c++)
                    {
                        share[columns.Low[c]] += (1 - columns.Weight[c]) * gradient[c];
                        share[columns.High[c]] += columns.Weight[c] * gradient[c];
                    }

                    RowSums.Add(share, 1 - rows.Weight[r], image + (nint)rows.Low[r] * width, width);
                    RowSums.Add(share, rows.Weight[r], image + (nint)rows.High[r] * width, width);
                }
            }
        });
    }
}
