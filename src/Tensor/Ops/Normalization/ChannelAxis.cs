namespace ResNeSt.Tensors;

/// <summary>Where per-channel numbers meet a tensor [N, C, ...]: axis 1 is the channel, every other axis is reduced over.</summary>
internal static class ChannelAxis
{
    /// <summary>[1, C, 1, ...] of the rank of <paramref name="shape"/>: the shape under which [C] broadcasts against it.</summary>
    public static Shape Broadcast(Shape shape)
    {
        var extents = new int[shape.Rank];
        Array.Fill(extents, 1);
        extents[1] = shape[1];
        return Shape.Create(extents);
    }

    /// <summary>Every axis but the channel's.</summary>
    public static Axes Others(Shape shape)
    {
        var axes = new List<int>();
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (axis != 1)
                axes.Add(axis);
        }

        return Axes.Of(axes.ToArray());
    }

    /// <summary>Number of values of one channel.</summary>
    public static long ValuesPerChannel(Shape shape) => shape[0] * (long)shape.Product(2, shape.Rank);
}
