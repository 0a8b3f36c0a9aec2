using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Group norm: the channels of a group are one contiguous block, read for mean and variance and again, mostly from the cache,
/// to normalise. Bandwidth-bound: 8 to 12 bytes per element.</summary>
internal sealed unsafe class GroupNormCpuKernel<TLanes> : LanesKernel<GroupNormOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(GroupNormOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int groups = op.Groups, channels = shape[1] / groups, plane = shape.Product(2, shape.Rank);
        float* x = inputs[0].Floats, y = outputs[0].Floats;
        float* weight = inputs.Length > 1 ? inputs[1].Floats : null, bias = inputs.Length > 2 ? inputs[2].Floats : null;
        double epsilon = op.Epsilon;
        ParallelRows.ForRanges(shape[0] * groups, RowsPerChunk((long)channels * plane), (from, to) =>
        {
            for (int group = from; group < to; group++)
            {
                long start = (long)group * channels * plane;
                var moments = Moments.Of<TLanes>(x + start, channels * plane);
                double inverse = 1 / Math.Sqrt(moments.Variance + epsilon);
                float subtrahend = (float)moments.Mean;
                for (int i = 0; i < channels; i++)
                {
                    int c = group % groups * channels + i;
                    double scale = weight is null ? inverse : inverse * weight[c];
                    double shift = (bias is null ? 0 : bias[c]) - (moments.Mean - subtrahend) * scale;
                    long offset = start + (long)i * plane;
                    Planes<TLanes>.ScaleShift(x + offset, y + offset, plane, subtrahend, (float)scale, (float)shift);
                }
            }
        });
    }
}
