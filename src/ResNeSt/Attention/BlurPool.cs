using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Steps down without aliasing: each channel is blurred by [1 2 1]ᵀ[1 2 1]/16 over a picture reflected at its borders, then every
/// <paramref name="stride"/>th row and column is kept.</summary>
/// <remarks>
/// <para>The binomial window is the box [1 1]/2 applied twice, so two average pools compute it, without weights.</para>
/// <para>Source: Zhang 2019, arXiv:1904.11486.</para>
/// </remarks>
/// <param name="stride">Step.</param>
public sealed class BlurPool(int stride = 2) : Module
{
    private readonly AvgPool2d _box = new(kernel: 2, stride: 1);
    private readonly AvgPool2d _step = new(kernel: 2, stride);

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => _step.Forward(_box.Forward(x.Pad2d(1, 1, 1, 1, PadMode.Reflect)));
}
