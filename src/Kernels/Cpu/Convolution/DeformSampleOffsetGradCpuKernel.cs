using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>∂offset and ∂mask: each block of sixteen channels sums its part at every place on one thread; then the parts are added up in
/// the order of the blocks.</summary>
internal sealed unsafe class DeformSampleOffsetGradCpuKernel<TLanes> : LanesKernel<DeformSampleOffsetGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    // By row, by column, value.
    private const int Kinds = 3;

    protected override void Run(DeformSampleOffsetGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int height = shape[2], width = shape[3], groups = op.Sampling.OffsetGroups, channels = shape[1] / groups, blocks = DeformBlock.Count(channels);
        int taps = op.Sampling.Taps, positions = inputs[2].Shape.Product(2, 4), samples = taps * positions;
        float* x = inputs[0].Floats, upstream = inputs[2].Floats;
        using var places = new DeformPlaces(op.Sampling, inputs[1], inputs.Length == 4 ? inputs[3] : null, height, width);
        using var parts = new PooledFloats(inputs[0], (long)shape[0] * groups * blocks * Kinds * samples);
        var table = places;
        float* sums = parts.Pointer;
        ParallelRows.For(shape[0] * groups * blocks, item =>
        {
            int group = item / blocks, from = item % blocks * DeformBlock.Channels, count = Math.Min(DeformBlock.Channels, channels - from);
            long first = (long)group * channels + from;
            var block = new DeformBlock<TLanes>(height, width, count);
            block.Fill(x + first * height * width);
            const int Tile = DeformBlock.Chunk * DeformBlock.Channels;
            float* tiles = ThreadScratch.Floats(ThreadScratch.Use.Rows, Kinds * Tile), turned = ThreadScratch.Floats(ThreadScratch.Use.Panels, Tile);
            for (int tap = 0; tap < taps; tap++)
            {
                for (int p = 0; p < positions; p += DeformBlock.Chunk)
                {
                    int length = Math.Min(DeformBlock.Chunk, positions - p), at = tap * positions + p;
                    TileTranspose.Run((byte*)(upstream + (first * taps + tap) * positions + p), samples, (byte*)tiles, DeformBlock.Channels, count, length, sizeof(float));
                    block.Slopes(table, (long)group * samples + at, length, tiles, tiles + Tile, tiles + 2 * Tile);
                    for (int kind = 0; kind < Kinds; kind++)
                        SumChannels(tiles + kind * Tile, turned, sums + ((long)item * Kinds + kind) * samples + at, length, count);
                }
            }
        });
        float* offset = outputs[0].Floats, mask = outputs.Length == 2 ? outputs[1].Floats : null;
        ParallelRows.ForRanges(shape[0] * groups * taps, RowsPerChunk((long)positions * Kinds * blocks), (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                int group = i / taps;
                long place = (long)i * positions, part = (long)group * blocks * Kinds * samples + (long)(i % taps) * positions;
                for (int kind = 0; kind < Kinds; kind++)
                {
                    if (kind == 2 && mask is null)
                        continue;
                    float* target = kind == 2 ? mask + place : offset + 2 * place + (long)kind * positions;
                    new Span<float>(target, positions).Clear();
                    for (int block = 0; block < blocks; block++)
                        RowSums.Add(sums + part + ((long)block * Kinds + kind) * samples, 1, target, positions);
                    // The mask is a factor of the sample, so of its slopes, but not of its own gradient.
                    for (int p = 0; kind < 2 && p < positions; p++)
                        target[p] *= table.Mask[place + p];
                }
            }
        });
    }

    /// <summary>Sums the channels that lie side by side, by turning them into rows.</summary>
    private static void SumChannels(float* tile, float* turned, float* target, int length, int channels)
    {
        TileTranspose.Run((byte*)tile, DeformBlock.Channels, (byte*)turned, DeformBlock.Chunk, length, channels, sizeof(float));
        new Span<float>(turned, length).CopyTo(new Span<float>(target, length));
        for (int channel = 1; channel < channels; channel++)
            RowSums.Add(turned + channel * DeformBlock.Chunk, 1, target, length);
    }
}
