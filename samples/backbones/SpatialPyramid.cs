using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Samples;

/// <summary>The same map seen at several reaches at once: one pixel, 3×3 windows of growing dilation, and the whole picture.</summary>
/// <remarks>Called atrous spatial pyramid pooling (ASPP) in arXiv:1706.05587.</remarks>
public sealed class SpatialPyramid : Module
{
    private readonly Sequential[] _branches;
    private readonly Sequential _whole;
    private readonly Sequential _project;

    /// <param name="inputChannels">Channels of the map.</param>
    /// <param name="channels">Channels of each branch and of the output.</param>
    /// <param name="rates">Dilations of the 3×3 windows.</param>
    public SpatialPyramid(int inputChannels, int channels, params IReadOnlyList<int> rates)
    {
        var parts = new Sequential { Unit(new Conv2d(inputChannels, channels, kernel: 1, bias: false)) };
        foreach (int rate in rates)
            parts.Add(Unit(new Conv2d(inputChannels, channels, kernel: 3, padding: rate, dilation: rate, bias: false)));
        _branches = [.. parts.Children.Select(child => (Sequential)child.Module)];
        // The pool in front of them is number 0.
        _whole = new Sequential { { "1", new Conv2d(inputChannels, channels, kernel: 1, bias: false) }, { "2", new BatchNorm2d(channels) }, { "3", new Relu() } };
        parts.Add((rates.Count + 1).ToString(CultureInfo.InvariantCulture), _whole);
        Child("convs", parts);
        _project = Child("project", Unit(new Conv2d((rates.Count + 2) * channels, channels, kernel: 1, bias: false)));
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        // One value for the whole picture is the same at every position.
        var whole = _whole.Forward(x.GlobalAvgPool(keepAxes: true));
        whole = whole.BroadcastTo([x.Shape[0], whole.Shape[1], x.Shape[2], x.Shape[3]]);
        return _project.Forward(Tensor.Concat(1, [.. _branches.Select(branch => branch.Forward(x)), whole]));
    }

    private static Sequential Unit(Conv2d conv) => new(conv, new BatchNorm2d(conv.OutputChannels), new Relu());
}
