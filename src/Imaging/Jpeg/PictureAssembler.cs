using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>Turns decoded MCU rows into rows of the RGB picture as soon as their neighbours are there.</summary>
internal sealed class PictureAssembler
{
    private readonly JpegFrame frame;
    private readonly JpegColour colour;
    private readonly ComponentPlane[] planes;
    private readonly int lag;
    private int nextRow;

    public PictureAssembler(JpegFrame frame, JpegColour colour)
    {
        this.frame = frame;
        this.colour = colour;
        planes = frame.Components.Select(c => new ComponentPlane(frame, c)).ToArray();
        lag = planes.Any(p => p.NeedsNextRow) ? 1 : 0;
        Picture = Picture.Uninitialized(frame.Width, frame.Height);
    }

    public Picture Picture { get; }

    /// <summary>Computes the samples of one block.</summary>
    /// <param name="component">Index of the component.</param>
    /// <param name="blockRow">Row of blocks in the component.</param>
    /// <param name="blockColumn">Column of blocks in the component.</param>
    /// <param name="coefficients">64, natural order.</param>
    /// <param name="last">Last coded position that may be nonzero.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PutBlock(int component, int blockRow, int blockColumn, ReadOnlySpan<short> coefficients, int last)
    {
        var plane = planes[component];
        var target = plane.Block(blockRow, blockColumn);
        short[] quant = frame.Components[component].Quant!;
        if (last == 0)
            InverseDct.Flat(coefficients[0], quant[0], target, plane.Stride);
        else
            InverseDct.Transform(coefficients, quant, target, plane.Stride);
    }

    /// <summary>Writes every picture row that the first MCU rows determine.</summary>
    public void Advance(int mcuRows)
    {
        int stop = mcuRows == frame.McusHigh ? frame.Height : mcuRows * frame.MaxVertical * 8 - lag;
        for (; nextRow < stop; nextRow++)
        {
            var row = Picture.Row(nextRow);
            switch (colour)
            {
                case JpegColour.Grey:
                    PixelRows.GreyToRgb(planes[0].PictureRow(nextRow), row);
                    break;
                case JpegColour.Rgb:
                    PixelRows.PlanesToRgb(planes[0].PictureRow(nextRow), planes[1].PictureRow(nextRow), planes[2].PictureRow(nextRow), row);
                    break;
                default:
                    YccToRgb.Convert(planes[0].PictureRow(nextRow), planes[1].PictureRow(nextRow), planes[2].PictureRow(nextRow), row);
                    break;
            }
        }
    }
}
