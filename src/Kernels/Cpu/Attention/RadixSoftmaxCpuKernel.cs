using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>r-softmax: lanes are the members of a cardinal group. Their logits lie C/K apart from split to split, the results C apart.
/// A small kernel: R·C numbers per sample.</summary>
internal sealed unsafe class RadixSoftmaxCpuKernel<TLanes> : LanesKernel<RadixSoftmaxOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(RadixSoftmaxOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        int radix = op.Radix, cardinality = op.Cardinality;
        int channels = inputs[0].Shape[1] / radix, members = channels / cardinality;
        float* z = inputs[0].Floats, a = outputs[0].Floats;
        ParallelRows.ForRanges(inputs[0].Shape[0], RowsPerChunk(radix * channels), (from, to) =>
        {
            for (long n = from; n < to; n++)
            {
                long sample = n * radix * channels;
                if (radix == 1)
                {
                    Sigmoid(z + sample, a + sample, channels);
                    continue;
                }

                for (int k = 0; k < cardinality; k++)
                {
                    float* logits = z + sample + (long)k * radix * members, attention = a + sample + (long)k * members;
                    SoftmaxLoops<TLanes>.Columns(logits, members, attention, channels, radix, members, logarithm: false);
                }
            }
        });
    }

    private static void Sigmoid(float* x, float* y, int count)
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            LanesMath.Sigmoid(TLanes.Load(x + i)).Store(y + i);
        for (; i < count; i++)
            LanesMath.Sigmoid(Lane.Load(x + i)).Store(y + i);
    }
}
