using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Batch norm with given statistics: one multiply-add per element. Bandwidth-bound: 8 bytes per element.</summary>
internal sealed unsafe class BatchNormInferenceCpuKernel<TLanes> : LanesKernel<BatchNormInferenceOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(BatchNormInferenceOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int channels = shape[1], plane = shape.Product(2, shape.Rank);
        float* x = inputs[0].Floats, weight = inputs[1].Floats, bias = inputs[2].Floats, means = inputs[3].Floats, variances = inputs[4].Floats;
        float* y = outputs[0].Floats;
        double epsilon = op.Epsilon;
        if (plane == 1)
            ParallelRows.ForRanges(shape[0], RowsPerChunk(channels), Rows);
        else
            ParallelRows.ForRanges(shape[0] * channels, RowsPerChunk(plane), ChannelPlanes);

        void ChannelPlanes(int from, int to)
        {
            for (int p = from; p < to; p++)
            {
                int c = p % channels;
                float scale = (float)(weight[c] / Math.Sqrt(variances[c] + epsilon));
                Planes<TLanes>.ScaleShift(x + (long)p * plane, y + (long)p * plane, plane, means[c], scale, bias[c]);
            }
        }

        // One value per channel: lanes are channels.
        void Rows(int from, int to)
        {
            int c = 0;
            for (; c <= channels - TLanes.Count; c += TLanes.Count)
                Column<TLanes>(c, from, to);
            for (; c < channels; c++)
                Column<Lane>(c, from, to);
        }

        void Column<T>(int c, int from, int to)
            where T : struct, ILanes<T>
        {
            var scale = T.Load(weight + c) / T.Sqrt(T.Load(variances + c) + T.Broadcast((float)epsilon));
            T mean = T.Load(means + c), shift = T.Load(bias + c);
            // Locals, since the captured ones are fields of an object to the compiler.
            float* source = x + c, destination = y + c;
            long stride = channels;
            for (int i = from; i < to; i++)
                T.MultiplyAdd(T.Load(source + i * stride) - mean, scale, shift).Store(destination + i * stride);
        }
    }
}
