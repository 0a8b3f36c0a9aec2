using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>∂x: the gradients of sixteen channels, side by side, are added to the four pixels around each place. One block of channels on
/// one thread, places in ascending order, so no two threads add to the same pixel. Bound by loads and stores of the first two caches.</summary>
internal sealed unsafe class DeformSampleInputGradCpuKernel<TLanes> : LanesKernel<DeformSampleInputGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(DeformSampleInputGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = outputs[0].Shape;
        int height = shape[2], width = shape[3], groups = op.Sampling.OffsetGroups, channels = shape[1] / groups, blocks = DeformBlock.Count(channels);
        int taps = op.Sampling.Taps, positions = inputs[0].Shape.Product(2, 4);
        float* columns = inputs[0].Floats, dx = outputs[0].Floats;
        using var places = new DeformPlaces(op.Sampling, inputs[1], inputs.Length == 3 ? inputs[2] : null, height, width);
        var table = places;
        ParallelRows.For(shape[0] * groups * blocks, item =>
        {
            int group = item / blocks, from = item % blocks * DeformBlock.Channels, count = Math.Min(DeformBlock.Channels, channels - from);
            long first = (long)group * channels + from;
            var block = new DeformBlock<TLanes>(height, width, count);
            block.Clear();
            float* tile = ThreadScratch.Floats(ThreadScratch.Use.Rows, DeformBlock.Chunk * DeformBlock.Channels);
            for (int tap = 0; tap < taps; tap++)
            {
                for (int p = 0; p < positions; p += DeformBlock.Chunk)
                {
                    int length = Math.Min(DeformBlock.Chunk, positions - p);
                    TileTranspose.Run((byte*)(columns + (first * taps + tap) * positions + p), taps * positions, (byte*)tile, DeformBlock.Channels, count, length, sizeof(float));
                    block.Add(table, (long)group * table.Samples + tap * positions + p, length, tile);
                }
            }

            block.Collect(dx + first * height * width);
        });
    }
}
