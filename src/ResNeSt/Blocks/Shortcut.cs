using ResNeSt.Nn;

namespace ResNeSt.Models;

/// <summary>Makes the path around a block where its shape changes.</summary>
internal static class Shortcut
{
    public static Sequential Create(ResNetOptions options, BlockPlace place, int outputChannels)
    {
        var norm = Layer.Norm(outputChannels);
        if (options.Shortcut == ShortcutKind.Projection)
        {
            int kernel = place.Stride > 1 ? options.ShortcutKernel : 1;
            var conv = Layer.Conv(place.InputChannels, outputChannels, kernel, place.Stride, padding: kernel / 2);
            return options.Keys == KeyStyle.Numbered ? new Sequential { { "conv", conv }, { "bn", norm } } : new Sequential(conv, norm);
        }

        // In a dilated stage the pool shrinks nothing; it keeps its place so that the keys stay 1 and 2.
        Module pool = place.StageDilation == 1 && place.Stride > 1
            ? new AvgPool2d(place.Stride, place.Stride, ceilMode: true, countPadding: false)
            : new Identity();
        return new Sequential(pool, Layer.Conv(place.InputChannels, outputChannels, kernel: 1), norm);
    }
}
