using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Largest value of each window; padding counts as -∞.</summary>
/// <param name="geometry">Window, stride, padding, dilation and ceil mode.</param>
public sealed class MaxPool2d(PoolGeometry geometry) : Module
{
    /// <summary>A square window, alike in both directions.</summary>
    /// <param name="kernel">Extent of the window.</param>
    /// <param name="stride">Step of the window; its extent if zero.</param>
    /// <param name="padding">Padding on every side.</param>
    /// <param name="dilation">Step between taps.</param>
    /// <param name="ceilMode">Keep a last window that hangs over the end.</param>
    public MaxPool2d(int kernel, int stride = 0, int padding = 0, int dilation = 1, bool ceilMode = false)
        : this(PoolGeometry.Of(kernel, stride, padding, dilation, ceilMode))
    {
    }

    /// <summary>Window, stride, padding, dilation and ceil mode.</summary>
    public PoolGeometry Geometry => geometry;

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.MaxPool2d(geometry);
}
