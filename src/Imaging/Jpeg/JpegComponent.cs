namespace ResNeSt.Imaging;

/// <summary>One component (colour plane) of a JPEG frame.</summary>
internal sealed class JpegComponent(int id, int horizontal, int vertical, int quantIndex)
{
    public int Id { get; } = id;

    /// <summary>Sampling factors, 1 to 4.</summary>
    public int Horizontal { get; } = horizontal;

    public int Vertical { get; } = vertical;

    public int QuantIndex { get; } = quantIndex;

    /// <summary>Samples that belong to the picture.</summary>
    public int Width { get; set; }

    public int Height { get; set; }

    /// <summary>Blocks that hold those samples: the units of a scan of this component alone.</summary>
    public int BlocksWide => (Width + 7) / 8;

    public int BlocksHigh => (Height + 7) / 8;

    /// <summary>Blocks including those that fill up the last MCU of a row or column.</summary>
    public int PaddedBlocksWide { get; set; }

    public int PaddedBlocksHigh { get; set; }

    /// <summary>The quantisation table in natural order as it stood at the component's first scan; null before that.</summary>
    public short[]? Quant { get; set; }

    /// <summary>All coefficients, natural order, of progressive and multi-scan files; null otherwise.</summary>
    public short[]? Coefficients { get; set; }

    /// <summary>For each block the last coded position that may hold a nonzero coefficient.</summary>
    public byte[]? LastNonzero { get; set; }

    /// <summary>For each coefficient the lowest bit known so far (0 = complete), -1 for none.</summary>
    public sbyte[] KnownBits { get; } = Unknown();

    /// <summary>Tables of the current scan.</summary>
    public HuffmanTable? Dc { get; set; }

    public HuffmanTable? Ac { get; set; }

    /// <summary>The DC value of the preceding block of the scan.</summary>
    public int Prediction { get; set; }

    private static sbyte[] Unknown()
    {
        var bits = new sbyte[64];
        Array.Fill(bits, (sbyte)-1);
        return bits;
    }
}
