using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The same number for every split and position of a channel: 4 bytes written per element.</summary>
internal sealed unsafe class RadixSumGlobalAvgPoolGradCpuKernel<TLanes> : LanesKernel<RadixSumGlobalAvgPoolGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(RadixSumGlobalAvgPoolGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        int channels = inputs[0].Shape[1], radix = op.Radix, plane = op.Height * op.Width;
        float* g = inputs[0].Floats, dx = outputs[0].Floats;
        ParallelRows.ForRanges(inputs[0].Shape[0] * radix * channels, RowsPerChunk(plane), (from, to) =>
        {
            for (int p = from; p < to; p++)
            {
                int sample = p / (radix * channels), c = p % channels;
                new Span<float>(dx + (long)p * plane, plane).Fill((float)((double)g[sample * channels + c] / plane));
            }
        });
    }
}
