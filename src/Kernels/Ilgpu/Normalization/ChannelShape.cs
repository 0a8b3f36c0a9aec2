using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>An array [N, C, plane] and how the values of a channel are cut into parts.</summary>
internal readonly struct ChannelShape
{
    /// <summary>Values that one warp takes. By shape alone, so that sums have one order everywhere.</summary>
    private const int ValuesPerPart = 4096;

    public readonly int Channels;
    public readonly FastDivisor ChannelDivisor;
    public readonly FastDivisor Plane;
    public readonly int Values;
    public readonly int Parts;
    public readonly int PartLength;

    public ChannelShape(Shape shape)
    {
        int plane = shape.Product(2, shape.Rank);
        Channels = shape[1];
        ChannelDivisor = new FastDivisor(Math.Max(1, shape[1]));
        Plane = new FastDivisor(Math.Max(1, plane));
        Values = shape[0] * plane;
        Parts = Math.Max(1, (Values + ValuesPerPart - 1) / ValuesPerPart);
        PartLength = (Values + Parts - 1) / Parts;
    }

    /// <summary>Offset of a channel's value, counted over images and then pixels.</summary>
    public int Offset(int channel, int value)
    {
        int n = Plane.Divide(value);
        return (n * Channels + channel) * Plane.Divisor + value - n * Plane.Divisor;
    }
}
