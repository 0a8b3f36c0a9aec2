namespace ResNeSt.Kernels.Ilgpu;

/// <summary>One weight of a filter: where it lies and which element it meets, both relative to the window of a pixel.</summary>
internal struct Tap(int offset, int y, int x, int weight)
{
    /// <summary>Elements from the window's origin to this tap: channel plane plus row plus column.</summary>
    public int Offset = offset;

    /// <summary>Rows from the window's origin.</summary>
    public int Y = y;

    /// <summary>Columns from the window's origin.</summary>
    public int X = x;

    /// <summary>Elements from the first weight of the group and row to this one; -1 in the padding behind the last tap.</summary>
    public int Weight = weight;

    /// <summary>A tap that meets nothing; tables are filled up with it so that kernels need not check their end.</summary>
    public static Tap None => new(0, Window.Nowhere, 0, -1);

    /// <summary>The taps, followed by at least one that meets nothing, up to a whole slice of a product.</summary>
    public static Tap[] Padded(List<Tap> taps)
    {
        do
            taps.Add(None);
        while (taps.Count % TensorGemmKernel.Slice != 0);
        return taps.ToArray();
    }
}

/// <summary>The place in the gathered image where the filter of one pixel begins; may lie in the padding.</summary>
internal struct Window
{
    /// <summary>A row so far outside that adding any tap stays outside.</summary>
    public const int Nowhere = -0x30000000;

    /// <summary>Element offset of the origin.</summary>
    public int Origin;

    /// <summary>Row of the origin.</summary>
    public int Y;

    /// <summary>Column of the origin.</summary>
    public int X;
}
