using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradient of the r-softmax: reads radix-major, writes cardinality-major; lanes are the members of a cardinal group.</summary>
internal sealed unsafe class RadixSoftmaxGradCpuKernel<TLanes> : LanesKernel<RadixSoftmaxGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(RadixSoftmaxGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        int radix = op.Radix, cardinality = op.Cardinality;
        int channels = inputs[0].Shape[1] / radix, members = channels / cardinality;
        float* a = inputs[0].Floats, g = inputs[1].Floats, dz = outputs[0].Floats;
        ParallelRows.ForRanges(inputs[0].Shape[0], RowsPerChunk(radix * channels), (from, to) =>
        {
            for (long n = from; n < to; n++)
            {
                long sample = n * radix * channels;
                if (radix == 1)
                {
                    SigmoidGradient(a + sample, g + sample, dz + sample, channels);
                    continue;
                }

                for (int k = 0; k < cardinality; k++)
                {
                    long read = sample + (long)k * members, write = sample + (long)k * radix * members;
                    SoftmaxLoops<TLanes>.ColumnGradients(a + read, g + read, channels, dz + write, members, radix, members);
                }
            }
        });
    }

    private static void SigmoidGradient(float* a, float* g, float* dz, int count)
    {
        for (int i = 0; i < count; i++)
            dz[i] = a[i] * (1 - a[i]) * g[i];
    }
}
