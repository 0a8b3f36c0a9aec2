using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Mean of each window.</summary>
/// <param name="geometry">Window, stride, padding and ceil mode.</param>
/// <param name="countPadding">Whether padding counts in the divisor.</param>
public sealed class AvgPool2d(PoolGeometry geometry, bool countPadding = true) : Module
{
    /// <summary>A square window, alike in both directions.</summary>
    /// <param name="kernel">Extent of the window.</param>
    /// <param name="stride">Step of the window; its extent if zero.</param>
    /// <param name="padding">Zeros on every side.</param>
    /// <param name="ceilMode">Keep a last window that hangs over the end; what lies outside never counts.</param>
    /// <param name="countPadding">Whether padding counts in the divisor.</param>
    public AvgPool2d(int kernel, int stride = 0, int padding = 0, bool ceilMode = false, bool countPadding = true)
        : this(PoolGeometry.Of(kernel, stride, padding, 1, ceilMode), countPadding)
    {
    }

    /// <summary>Window, stride, padding and ceil mode.</summary>
    public PoolGeometry Geometry => geometry;

    /// <summary>Whether padding counts in the divisor.</summary>
    public bool CountPadding => countPadding;

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.AvgPool2d(geometry, countPadding);
}
