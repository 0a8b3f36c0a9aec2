using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Samples sixteen channels at once from an image that has them side by side, then turns the samples into planes. One block of
/// channels on one thread; its places come from a table that all blocks share. Bound by the first two caches.</summary>
internal sealed unsafe class DeformSampleCpuKernel<TLanes> : LanesKernel<DeformSampleOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(DeformSampleOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int height = shape[2], width = shape[3], groups = op.Sampling.OffsetGroups, channels = shape[1] / groups, blocks = DeformBlock.Count(channels);
        int taps = op.Sampling.Taps, positions = outputs[0].Shape.Product(2, 4);
        float* x = inputs[0].Floats, columns = outputs[0].Floats;
        using var places = new DeformPlaces(op.Sampling, inputs[1], inputs.Length == 3 ? inputs[2] : null, height, width);
        var table = places;
        ParallelRows.For(shape[0] * groups * blocks, item =>
        {
            int group = item / blocks, from = item % blocks * DeformBlock.Channels, count = Math.Min(DeformBlock.Channels, channels - from);
            long first = (long)group * channels + from;
            var block = new DeformBlock<TLanes>(height, width, count);
            block.Fill(x + first * height * width);
            float* tile = ThreadScratch.Floats(ThreadScratch.Use.Rows, DeformBlock.Chunk * DeformBlock.Channels);
            for (int tap = 0; tap < taps; tap++)
            {
                for (int p = 0; p < positions; p += DeformBlock.Chunk)
                {
                    int length = Math.Min(DeformBlock.Chunk, positions - p);
                    block.Sample(table, (long)group * table.Samples + tap * positions + p, length, tile);
                    TileTranspose.Run((byte*)tile, DeformBlock.Channels, (byte*)(columns + (first * taps + tap) * positions + p), taps * positions, length, count, sizeof(float));
                }
            }
        });
    }
}
