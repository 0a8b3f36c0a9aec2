using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A gate for each channel and a gate for each position, each from maximum and mean together. Called CBAM.</summary>
/// <remarks>Channel gate: σ(MLP(mean of x) + MLP(max of x)) over the plane, one MLP for both; position gate: σ(BN(7×7 convolution of max and
/// mean over the channels)). Source: Woo et al. 2018, arXiv:1807.06521, and the authors' code, whose MLP has a ReLU and biases. Keys:
/// ChannelGate.mlp.1, ChannelGate.mlp.3, SpatialGate.spatial.conv, SpatialGate.spatial.bn.</remarks>
public sealed class ConvolutionalAttention : Module
{
    private readonly GateOrder _order;
    private readonly Sequential _mlp;
    private readonly Sequential _spatial;

    /// <param name="channels">C.</param>
    /// <param name="hidden">Channels between the two layers of the channel gate; the paper has C / 16.</param>
    /// <param name="order">Which gate comes first.</param>
    public ConvolutionalAttention(int channels, int hidden, GateOrder order = GateOrder.ChannelFirst)
    {
        _order = order;
        _mlp = new Sequential { { "1", Dense(channels, hidden) }, { "2", new Relu() }, { "3", Dense(hidden, channels) } };
        var norm = new BatchNorm2d(1, momentum: 0.01);
        norm.Weight.Initializer = Init.Zeros;
        _spatial = new Sequential { { "conv", Layer.Conv(2, 1, kernel: 7, padding: 3) }, { "bn", norm } };
        Child("ChannelGate", new Sequential { { "mlp", _mlp } });
        Child("SpatialGate", new Sequential { { "spatial", _spatial } });
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        switch (_order)
        {
            case GateOrder.ChannelFirst:
                var byChannel = x * ChannelLogits(x).Sigmoid();
                return byChannel * PositionLogits(byChannel).Sigmoid();
            case GateOrder.PositionFirst:
                var byPosition = x * PositionLogits(x).Sigmoid();
                return byPosition * ChannelLogits(byPosition).Sigmoid();
            default:
                return x * (ChannelLogits(x) + PositionLogits(x)).Sigmoid();
        }
    }

    private static Linear Dense(int inputs, int outputs)
    {
        var layer = new Linear(inputs, outputs);
        layer.Bias!.Initializer = Init.Zeros;
        return layer;
    }

    private Tensor ChannelLogits(Tensor x) =>
        (_mlp.Forward(x.GlobalAvgPool()) + _mlp.Forward(x.Max([2, 3]))).Reshape([x.Shape[0], x.Shape[1], 1, 1]);

    private Tensor PositionLogits(Tensor x) =>
        _spatial.Forward(Tensor.Concat(1, x.Max([1], keepAxes: true), x.Mean([1], keepAxes: true)));
}

/// <summary>Order of the two gates of <see cref="ConvolutionalAttention"/>.</summary>
public enum GateOrder
{
    /// <summary>Channels, then positions: the published networks.</summary>
    ChannelFirst,

    /// <summary>Positions, then channels.</summary>
    PositionFirst,

    /// <summary>Both from the same map; their logits are added before the sigmoid.</summary>
    Parallel,
}
