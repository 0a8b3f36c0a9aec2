using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>The convolutions of resnest50 at 224×224, each different one once.</summary>
public static class LayerShapes
{
    /// <summary>The layers for a batch of images.</summary>
    public static IEnumerable<(OpCase Case, int Count)> ResNeSt50(int batch)
    {
        yield return (Conv("3x3/2 3-32 @224", batch, 3, 224, 32, 3, 2), 1);
        yield return (Conv("3x3 32-32 @112", batch, 32, 112, 32, 3), 1);
        yield return (Conv("3x3 32-64 @112", batch, 32, 112, 64, 3), 1);
        int input = 64, size = 56;
        foreach (var (width, blocks) in ((int, int)[])[(64, 3), (128, 4), (256, 6), (512, 3)])
        {
            // The first block of a stage works at the size before it, and its split attention is followed by the pool that halves it.
            int before = width == 64 ? size : 2 * size;
            yield return (Conv($"1x1 {input}-{width} @{before}", batch, input, before, width, 1), 1);
            if (before != size)
                yield return (Conv($"3x3 g2 {width}-{2 * width} @{before}", batch, width, before, 2 * width, 3, groups: 2), 1);
            yield return (Conv($"3x3 g2 {width}-{2 * width} @{size}", batch, width, size, 2 * width, 3, groups: 2), before == size ? blocks : blocks - 1);
            yield return (Conv($"1x1 {width}-{4 * width} @{size}", batch, width, size, 4 * width, 1), blocks);
            yield return (Conv($"1x1 {input}-{4 * width} @{size} shortcut", batch, input, size, 4 * width, 1), 1);
            yield return (Conv($"1x1 {4 * width}-{width} @{size}", batch, 4 * width, size, width, 1), blocks - 1);
            yield return (Conv($"1x1 {width}-{width / 2} @1 fc1", batch, width, 1, Math.Max(32, width / 2), 1, bias: true), blocks);
            yield return (Conv($"1x1 {width / 2}-{2 * width} @1 fc2", batch, Math.Max(32, width / 2), 1, 2 * width, 1, bias: true), blocks);
            (input, size) = (4 * width, size / 2);
        }
    }

    private static OpCase Conv(string name, int batch, int channels, int size, int kernels, int window, int stride = 1, int groups = 1, bool bias = false)
    {
        OpInput x = new([batch, channels, size, size]), w = new([kernels, channels / groups, window, window]), b = new([kernels]);
        return new OpCase(name, new Conv2dOp(ConvGeometry.Of(stride, window / 2, groups: groups)), bias ? [x, w, b] : [x, w]);
    }
}
