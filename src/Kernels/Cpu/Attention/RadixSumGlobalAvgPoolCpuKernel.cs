using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Mean over the picture of the sum of splits: every element of x is read once, 4 bytes each, and nothing is written but the result.</summary>
internal sealed unsafe class RadixSumGlobalAvgPoolCpuKernel<TLanes> : LanesKernel<RadixSumGlobalAvgPoolOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(RadixSumGlobalAvgPoolOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int radix = op.Radix, channels = shape[1] / radix, plane = shape[2] * shape[3];
        float* x = inputs[0].Floats, y = outputs[0].Floats;
        ParallelRows.ForRanges(shape[0] * channels, RowsPerChunk((long)plane * radix), (from, to) =>
        {
            for (int p = from; p < to; p++)
            {
                long first = (long)(p / channels) * radix * channels + p % channels;
                double sum = 0;
                for (int r = 0; r < radix; r++)
                    sum += Planes<TLanes>.Sum(x + (first + (long)r * channels) * plane, plane);
                y[p] = (float)(sum / plane);
            }
        });
    }
}
