using ResNeSt.Nn;

namespace ResNeSt.Models;

/// <summary>Makes the path around a block where its shape changes, under the key <c>downsample</c>.</summary>
internal static class Shortcut
{
    public static Module Create(ShortcutKind kind, BlockPlace place, int outputChannels)
    {
        if (kind == ShortcutKind.Projection)
        {
            return new Sequential(
                Layer.Conv(place.InputChannels, outputChannels, kernel: 1, place.Stride),
                Layer.Norm(outputChannels));
        }

        // In a dilated stage the pool shrinks nothing; it keeps its place so that the keys stay 1 and 2.
        Module pool = place.StageDilation == 1 && place.Stride > 1
            ? new AvgPool2d(place.Stride, place.Stride, ceilMode: true, countPadding: false)
            : new Identity();
        return new Sequential(pool, Layer.Conv(place.InputChannels, outputChannels, kernel: 1), Layer.Norm(outputChannels));
    }
}
