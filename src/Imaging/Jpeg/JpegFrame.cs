namespace ResNeSt.Imaging;

/// <summary>The frame header (T.81, B.2.2) and the sizes that follow from it (A.1, A.2).</summary>
internal sealed class JpegFrame
{
    public JpegFrame(int width, int height, bool progressive, JpegComponent[] components)
    {
        (Width, Height, IsProgressive, Components) = (width, height, progressive, components);
        MaxHorizontal = components.Max(c => c.Horizontal);
        MaxVertical = components.Max(c => c.Vertical);
        McusWide = CeilDivide(width, 8 * MaxHorizontal);
        McusHigh = CeilDivide(height, 8 * MaxVertical);
        foreach (var c in components)
        {
            c.Width = CeilDivide(width * c.Horizontal, MaxHorizontal);
            c.Height = CeilDivide(height * c.Vertical, MaxVertical);
            c.PaddedBlocksWide = McusWide * c.Horizontal;
            c.PaddedBlocksHigh = McusHigh * c.Vertical;
        }
    }

    public int Width { get; }

    public int Height { get; }

    public bool IsProgressive { get; }

    public JpegComponent[] Components { get; }

    public int MaxHorizontal { get; }

    public int MaxVertical { get; }

    public int McusWide { get; }

    public int McusHigh { get; }

    public static int CeilDivide(int value, int divisor) => (value + divisor - 1) / divisor;
}
