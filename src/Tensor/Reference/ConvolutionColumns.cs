namespace ResNeSt.Tensors.Reference;

/// <summary>The patches that a convolution sees, as a matrix: row (c, r, s), column (output row, output column), zero where a tap lies in the padding.</summary>
internal readonly struct ConvolutionColumns(ConvGeometry geometry, Shape image, Shape weight, Shape output)
{
    /// <summary>Channels of one group.</summary>
    public int Channels { get; } = weight[1];

    /// <summary>Rows of the matrix of one group.</summary>
    public int Rows { get; } = weight.Product(1, 4);

    /// <summary>Columns of the matrix.</summary>
    public int Columns { get; } = output[2] * output[3];

    /// <summary>Writes columns [<paramref name="from"/>, <paramref name="to"/>) of channels [<paramref name="firstChannel"/>, + <paramref name="channels"/>) of one image.</summary>
    /// <param name="planes">The image's planes of the group.</param>
    /// <param name="firstChannel">First channel, in the group.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="from">First output position.</param>
    /// <param name="to">Behind the last output position.</param>
    /// <param name="target">Where the matrix goes.</param>
    /// <param name="rowStep">Elements from one matrix row to the next in <paramref name="target"/>.</param>
    /// <param name="columnStep">Elements from one matrix column to the next.</param>
    public void Gather(ReadOnlySpan<double> planes, int firstChannel, int channels, int from, int to, Span<double> target, int rowStep, int columnStep)
    {
        int row = 0;
        for (int c = firstChannel; c < firstChannel + channels; c++)
        {
            var plane = planes.Slice(c * image[2] * image[3], image[2] * image[3]);
            for (int r = 0; r < weight[2]; r++)
            {
                for (int s = 0; s < weight[3]; s++, row++)
                {
                    for (int p = from; p < to; p++)
                        target[row * rowStep + (p - from) * columnStep] = Locate(p, r, s, out int place) ? plane[place] : 0;
                }
            }
        }
    }

    /// <summary>Adds the columns back to the places they were taken from.</summary>
    /// <param name="matrix">The whole matrix of one group, rows of <paramref name="rowStep"/> elements.</param>
    /// <param name="rowStep">Elements from one row to the next.</param>
    /// <param name="planes">The image's planes of the group.</param>
    public void Scatter(ReadOnlySpan<double> matrix, int rowStep, Span<double> planes)
    {
        int row = 0;
        for (int c = 0; c < Channels; c++)
        {
            var plane = planes.Slice(c * image[2] * image[3], image[2] * image[3]);
            for (int r = 0; r < weight[2]; r++)
            {
                for (int s = 0; s < weight[3]; s++, row++)
                {
                    for (int p = 0; p < Columns; p++)
                    {
                        if (Locate(p, r, s, out int place))
                            plane[place] += matrix[row * rowStep + p];
                    }
                }
            }
        }
    }

    private bool Locate(int position, int r, int s, out int place)
    {
        int y = position / output[3] * geometry.StrideH - geometry.PadTop + r * geometry.DilationH;
        int x = position % output[3] * geometry.StrideW - geometry.PadLeft + s * geometry.DilationW;
        place = y * image[3] + x;
        return (uint)y < (uint)image[2] && (uint)x < (uint)image[3];
    }
}
