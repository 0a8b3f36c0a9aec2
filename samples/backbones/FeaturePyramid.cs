using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Samples;

/// <summary>A feature pyramid on a backbone, as detectors use it: maps of strides 4 to 64 with equally many channels, each of which knows what
/// the coarser ones saw.</summary>
/// <remarks>p_i = conv3×3(lateral_i(c_i) + p_{i+1} doubled); the coarsest map is every second pixel of the one before. Source: Lin et al. 2017,
/// arXiv:1612.03144; keys as in detectron2: bottom_up, fpn_lateral2 … 5, fpn_output2 … 5.</remarks>
public sealed class FeaturePyramid : Module
{
    private const int FirstTap = 1;

    private readonly ResNet _backbone;
    private readonly Conv2d[] _laterals;
    private readonly Conv2d[] _outputs;

    /// <param name="backbone">The network below; its classifier is not used, so make it with <c>Classes = 0</c>.</param>
    /// <param name="channels">Channels of every level.</param>
    public FeaturePyramid(ResNet backbone, int channels = 256)
    {
        _backbone = Child("bottom_up", backbone);
        var taps = backbone.Taps.Skip(FirstTap).ToArray();
        _laterals = [.. taps.Select((tap, i) => Child($"fpn_lateral{i + 2}", new Conv2d(tap.Channels, channels, kernel: 1)))];
        _outputs = [.. taps.Select((_, i) => Child($"fpn_output{i + 2}", new Conv2d(channels, channels, kernel: 3, padding: 1)))];
    }

    /// <summary>The levels, finest first.</summary>
    /// <param name="picture">[N, 3, H, W].</param>
    /// <returns>Five maps [N, channels, H/4, W/4] to [N, channels, H/64, W/64]; odd extents are rounded up as the backbone rounds them.</returns>
    public Tensor[] Levels(Tensor picture)
    {
        var maps = _backbone.Features(picture)[FirstTap..];
        var levels = new Tensor[maps.Length + 1];
        Tensor? coarser = null;
        for (int i = maps.Length - 1; i >= 0; i--)
        {
            var map = _laterals[i].Forward(maps[i]);
            // To the extents of the finer map, not by two: an odd one has no exact half.
            coarser = coarser is null ? map : map + coarser.Interpolate(InterpolationMode.Nearest, map.Shape[2], map.Shape[3]);
            levels[i] = _outputs[i].Forward(coarser);
        }

        levels[^1] = new MaxPool2d(kernel: 1, stride: 2).Forward(levels[^2]);
        return levels;
    }

    /// <summary>The finest level.</summary>
    protected override Tensor Compute(Tensor x) => Levels(x)[0];
}
