using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>∂a = Σ g·v over the channels that share a window, summed in the output on one thread, channel after channel. Bound by the
/// second-level cache, which holds the nine planes of a window.</summary>
internal sealed unsafe class LocalAggregationWeightGradCpuKernel<TLanes> : LanesKernel<LocalAggregationWeightGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Taps = 9;

    protected override void Run(LocalAggregationWeightGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int channels = shape[1], windows = op.WeightChannels, height = shape[2], width = shape[3], plane = height * width;
        float* v = inputs[0].Floats, g = inputs[1].Floats, dWeights = outputs[0].Floats;
        if (plane == 0)
            return;
        ParallelRows.ForRanges(shape[0] * windows, RowsPerChunk((long)plane * (Taps + 2 * (channels / windows))), (from, to) =>
        {
            var neighbours = new NeighbourPlanes<TLanes>(height, width);
            for (int window = from; window < to; window++)
            {
                long first = (long)(window / windows) * channels + window % windows;
                float* target = dWeights + (long)window * Taps * plane;
                new Span<float>(target, Taps * plane).Clear();
                for (int shared = 0; shared < channels; shared += windows)
                {
                    long offset = (first + shared) * plane;
                    neighbours.Fill(v + offset);
                    for (int tap = 0; tap < Taps; tap++)
                        NeighbourPlanes<TLanes>.AddProduct(neighbours.Tap(tap), g + offset, target + (nint)tap * plane, plane);
                }
            }
        });
    }
}
