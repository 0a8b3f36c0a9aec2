using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>The decoded samples of one component, two MCU rows of them at a time, and their enlargement to the size of the picture.</summary>
/// <remarks>Which method enlarges is libjpeg's choice (jdsample.c): the triangle filter for 2:1 horizontally or both ways where a row has more than
/// two samples, and for 2:1 vertically; repetition for the other whole ratios.</remarks>
internal sealed class ComponentPlane
{
    private readonly JpegComponent component;
    private readonly byte[] samples;
    private readonly int stride;
    private readonly int ringRows;
    private readonly int across;
    private readonly int down;
    private readonly bool fancyAcross;
    private readonly bool fancyDown;
    private readonly ushort[] sums;
    private readonly byte[] enlarged;

    public ComponentPlane(JpegFrame frame, JpegComponent component)
    {
        this.component = component;
        stride = component.PaddedBlocksWide * 8;
        ringRows = 2 * component.Vertical * 8;
        samples = new byte[stride * ringRows];
        (across, down) = (frame.MaxHorizontal / component.Horizontal, frame.MaxVertical / component.Vertical);
        fancyAcross = across == 2 && down <= 2 && component.Width > 2;
        fancyDown = down == 2 && (across == 1 || fancyAcross);
        sums = fancyAcross ? new ushort[component.Width + 2] : [];
        enlarged = across > 1 || down > 1 ? new byte[component.Width * across] : [];
    }

    /// <summary>Whether a row of the picture needs the sample row below its own.</summary>
    public bool NeedsNextRow => fancyDown;

    /// <summary>The samples of one block and, <see cref="Stride"/> bytes apart, of its further rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Block(int blockRow, int blockColumn) =>
        samples.AsSpan(blockRow * 8 % ringRows * stride + blockColumn * 8);

    public int Stride => stride;

    /// <summary>One row of the picture in this component; valid until the next call.</summary>
    public ReadOnlySpan<byte> PictureRow(int y)
    {
        int own = y / down;
        var near = SampleRow(own);
        if (!fancyAcross && !fancyDown)
            return across == 1 ? near : Repeat(near);

        bool upper = y % down == 0;
        var far = !fancyDown ? near : SampleRow(upper ? Math.Max(own - 1, 0) : Math.Min(own + 1, component.Height - 1));
        if (!fancyAcross)
        {
            Upsampling.BlendRows(near, far, upper ? 1 : 2, enlarged);
            return enlarged;
        }

        var inner = sums.AsSpan(1, component.Width);
        if (fancyDown)
            Upsampling.Blend(near, far, inner);
        else
            Upsampling.Widen(near, inner);
        sums[0] = inner[0];
        sums[^1] = inner[^1];
        if (fancyDown)
            Upsampling.Double(sums, 8, 7, 4, enlarged);
        else
            Upsampling.Double(sums, 1, 2, 2, enlarged);
        return enlarged;
    }

    private ReadOnlySpan<byte> SampleRow(int y) => samples.AsSpan(y % ringRows * stride, component.Width);

    private ReadOnlySpan<byte> Repeat(ReadOnlySpan<byte> row)
    {
        for (int x = 0; x < row.Length; x++)
            enlarged.AsSpan(x * across, across).Fill(row[x]);
        return enlarged;
    }
}
