using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A gate for each channel beside a gate for each position: y = x · c + x · s, or the larger of the two. Called scSE.</summary>
/// <remarks>Source: Roy et al. 2018, arXiv:1803.02579. Keys as in the common implementation: cse.1, cse.3 and sse.0, the others being a
/// pool and activations.</remarks>
public sealed class ConcurrentSqueezeExcitation : Module
{
    private readonly Sequential _channelGate;
    private readonly Sequential _positionGate;
    private readonly bool _larger;

    /// <param name="channels">C.</param>
    /// <param name="hidden">Channels between the two layers of the channel gate; C / 2 is common.</param>
    /// <param name="larger">Take the larger of the two weighed maps instead of their sum.</param>
    public ConcurrentSqueezeExcitation(int channels, int hidden, bool larger = false)
    {
        _larger = larger;
        _channelGate = Child("cse", new Sequential
        {
            { "1", Layer.Conv(channels, hidden, kernel: 1, bias: true) },
            { "2", new Relu() },
            { "3", Layer.Conv(hidden, channels, kernel: 1, bias: true) },
            { "4", new Sigmoid() },
        });
        _positionGate = Child("sse", new Sequential { Layer.Conv(channels, 1, kernel: 1, bias: true), new Sigmoid() });
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        var byChannel = x * _channelGate.Forward(x.GlobalAvgPool(keepAxes: true));
        var byPosition = x * _positionGate.Forward(x);
        return _larger ? byChannel.Maximum(byPosition) : byChannel + byPosition;
    }
}
