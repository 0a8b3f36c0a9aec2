using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Features [N, R·C, plane], radix-major: split r of channel c is channel r·C + c.</summary>
internal readonly struct SplitShape(Shape features, int radix)
{
    public readonly int Images = features[0];
    public readonly int Radix = radix;
    public readonly FastDivisor Channels = new(Math.Max(1, features[1] / radix));
    public readonly FastDivisor Plane = new(Math.Max(1, features.Product(2, features.Rank)));

    /// <summary>Offset of the first pixel of a split of output channel <paramref name="line"/> = n · C + c.</summary>
    public int First(int line, int split) => Channel(line, split) * Plane.Divisor;

    /// <summary>n · R·C + r·C + c for output channel <paramref name="line"/> = n · C + c.</summary>
    public int Channel(int line, int split)
    {
        int n = Channels.Divide(line);
        return line + (n * (Radix - 1) + split) * Channels.Divisor;
    }
}
