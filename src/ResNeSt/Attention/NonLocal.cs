using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Every position sums up all positions by how well they match: y_i = x_i + W_z Σ_j A_ij · g(x_j).</summary>
/// <remarks>Source: Wang et al. 2018, arXiv:1711.07971. Keys as in mmcv: g.conv, conv_out.conv, theta.conv, phi.conv, concat_project.conv.
/// The matrix A has as many elements as positions squared; where no norm follows, the last layer begins at zero, so that the block begins as
/// the identity.</remarks>
public sealed class NonLocal : Module
{
    private static readonly ConvGeometry OneByOne = ConvGeometry.Of(1, 0, 1, 1);

    private readonly NonLocalForm _form;
    private readonly double _scale;
    private readonly Sequential _g;
    private readonly Sequential _output;
    private readonly Sequential? _theta;
    private readonly Sequential? _phi;
    private readonly Conv2d? _project;

    /// <param name="channels">C.</param>
    /// <param name="inner">Channels of θ, φ and g; the paper has C / 2.</param>
    /// <param name="form">How two positions are compared.</param>
    /// <param name="scaled">Embedded Gaussian: divide by √inner before the softmax.</param>
    /// <param name="normalized">A batch norm with γ = 0 behind the last convolution, under the key conv_out.bn.</param>
    public NonLocal(int channels, int inner, NonLocalForm form = NonLocalForm.EmbeddedGaussian, bool scaled = true, bool normalized = false)
    {
        _form = form;
        _scale = form == NonLocalForm.EmbeddedGaussian && scaled ? 1 / Math.Sqrt(inner) : 1;
        _g = Child("g", Embedding(channels, inner));
        _output = Child("conv_out", Output(inner, channels, normalized));
        if (form != NonLocalForm.Gaussian)
        {
            _theta = Child("theta", Embedding(channels, inner));
            _phi = Child("phi", Embedding(channels, inner));
        }

        if (form == NonLocalForm.Concatenation)
        {
            _project = Layer.Conv(2 * inner, 1, kernel: 1);
            Child("concat_project", new Sequential { { "conv", _project } });
        }
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        var values = Rows(_g.Forward(x));
        var theta = _theta?.Forward(x) ?? x;
        var phi = _phi?.Forward(x) ?? x;
        var sums = values.MatMul(Affinity(theta, phi), transposeRight: true);
        return x + _output.Forward(sums.Reshape([x.Shape[0], values.Shape[1], x.Shape[2], x.Shape[3]]));
    }

    private static Sequential Embedding(int channels, int inner) => new() { { "conv", Layer.Conv(channels, inner, kernel: 1, bias: true) } };

    private static Sequential Output(int inner, int channels, bool normalized)
    {
        var conv = Layer.Conv(inner, channels, kernel: 1, bias: !normalized);
        if (normalized)
            return new Sequential { { "conv", conv }, { "bn", Layer.Norm(channels, zeroGamma: true) } };
        conv.Weight.Initializer = Init.Zeros;
        conv.Bias!.Initializer = Init.Zeros;
        return new Sequential { { "conv", conv } };
    }

    /// <summary>[N, C, H, W] as [N, C, H·W].</summary>
    private static Tensor Rows(Tensor map) => map.Reshape([map.Shape[0], map.Shape[1], map.Shape.Product(2, 4)]);

    /// <summary>A [N, H·W, H·W]: row i weighs all positions j for position i.</summary>
    private Tensor Affinity(Tensor theta, Tensor phi)
    {
        int positions = theta.Shape.Product(2, 4);
        switch (_form)
        {
            case NonLocalForm.DotProduct:
                return Rows(theta).MatMul(Rows(phi), transposeLeft: true) * (1.0 / positions);
            case NonLocalForm.Concatenation:
                // wᵀ[θ_i; φ_j] is a sum of one number of i and one of j: the pairs themselves are never made.
                var weight = _project!.Weight.For(theta);
                int inner = theta.Shape[1];
                var left = theta.Conv2d(weight.Slice(1, 0, inner), OneByOne).Reshape([theta.Shape[0], positions, 1]);
                var right = phi.Conv2d(weight.Slice(1, inner, inner), OneByOne).Reshape([theta.Shape[0], 1, positions]);
                return (left + right).Relu() * (1.0 / positions);
            default:
                var scores = Rows(theta).MatMul(Rows(phi), transposeLeft: true);
                return (_scale == 1 ? scores : scores * _scale).Softmax(2);
        }
    }
}

/// <summary>How <see cref="NonLocal"/> compares two positions.</summary>
public enum NonLocalForm
{
    /// <summary>softmax_j(θ_i·φ_j).</summary>
    EmbeddedGaussian,

    /// <summary>softmax_j(x_i·x_j).</summary>
    Gaussian,

    /// <summary>θ_i·φ_j by the number of positions.</summary>
    DotProduct,

    /// <summary>ReLU(w·[θ_i; φ_j]) by the number of positions.</summary>
    Concatenation,
}
