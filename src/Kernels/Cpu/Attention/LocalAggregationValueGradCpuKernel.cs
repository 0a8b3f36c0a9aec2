using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>∂v: the products a·g of each tap are summed where the tap would have read, then the three moved planes are added up. The
/// channels that share weights follow each other on one thread. Bound by the first-level cache.</summary>
internal sealed unsafe class LocalAggregationValueGradCpuKernel<TLanes> : LanesKernel<LocalAggregationValueGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Taps = 9;

    protected override void Run(LocalAggregationValueGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[1].Shape;
        int channels = shape[1], windows = inputs[0].Shape[1], height = shape[2], width = shape[3], plane = height * width;
        float* weights = inputs[0].Floats, g = inputs[1].Floats, dv = outputs[0].Floats;
        if (plane == 0)
            return;
        ParallelRows.ForRanges(shape[0] * windows, RowsPerChunk((long)plane * (Taps + 2 * (channels / windows))), (from, to) =>
        {
            var sums = new NeighbourPlanes<TLanes>(height, width);
            for (int window = from; window < to; window++)
            {
                long first = (long)(window / windows) * channels + window % windows;
                for (int shared = 0; shared < channels; shared += windows)
                {
                    long offset = (first + shared) * plane;
                    sums.Clear();
                    for (int tap = 0; tap < Taps; tap++)
                        NeighbourPlanes<TLanes>.AddProduct(weights + ((long)window * Taps + tap) * plane, g + offset, sums.Tap(tap), plane);
                    sums.Collect(dv + offset);
                }
            }
        });
    }
}
