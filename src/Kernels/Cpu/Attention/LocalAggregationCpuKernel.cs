using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>y = Σ_taps a·v, all nine taps in registers. The channels that share weights follow each other on one thread, so that the weights
/// come from the cache for all but the first. Bound by the two loads of a multiply-add.</summary>
internal sealed unsafe class LocalAggregationCpuKernel<TLanes> : LanesKernel<LocalAggregationOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Taps = 9;

    protected override void Run(LocalAggregationOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int channels = shape[1], windows = inputs[1].Shape[1], height = shape[2], width = shape[3], plane = height * width;
        float* v = inputs[0].Floats, weights = inputs[1].Floats, y = outputs[0].Floats;
        if (plane == 0)
            return;
        ParallelRows.ForRanges(shape[0] * windows, RowsPerChunk((long)plane * (Taps + 2 * (channels / windows))), (from, to) =>
        {
            var neighbours = new NeighbourPlanes<TLanes>(height, width);
            for (int window = from; window < to; window++)
            {
                long first = (long)(window / windows) * channels + window % windows;
                for (int shared = 0; shared < channels; shared += windows)
                {
                    long offset = (first + shared) * plane;
                    neighbours.Fill(v + offset);
                    Sum(neighbours, weights + (long)window * Taps * plane, y + offset, plane);
                }
            }
        });
    }

    private static void Sum(NeighbourPlanes<TLanes> neighbours, float* weights, float* y, int plane)
    {
        float** taps = stackalloc float*[Taps];
        for (int tap = 0; tap < Taps; tap++)
            taps[tap] = neighbours.Tap(tap);
        int i = 0;
        for (; i <= plane - TLanes.Count; i += TLanes.Count)
        {
            var sum = TLanes.Load(taps[0] + i) * TLanes.Load(weights + i);
            for (int tap = 1; tap < Taps; tap++)
                sum = TLanes.MultiplyAdd(TLanes.Load(taps[tap] + i), TLanes.Load(weights + (nint)tap * plane + i), sum);
            sum.Store(y + i);
        }

        for (; i < plane; i++)
        {
            float sum = taps[0][i] * weights[i];
            for (int tap = 1; tap < Taps; tap++)
                sum = float.MultiplyAddEstimate(taps[tap][i], weights[(nint)tap * plane + i], sum);
            y[i] = sum;
        }
    }
}
