using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Which pixels of a source plane a grid of outputs looks at: output (y, x) sees, for every tap t, the pixel
/// (y · StepH + Row[t], x · StepW + Column[t]), zero where that lies outside.</summary>
/// <remarks>A convolution is such a grid over the image with one tap per window element; its gradient with respect to the image is one such grid over
/// the upstream gradient for each remainder of the image's rows and columns by the strides.</remarks>
internal sealed class ImageTaps
{
    private readonly int[] _places;

    /// <summary>Describes a grid.</summary>
    /// <param name="height">Rows of a source plane.</param>
    /// <param name="width">Columns of a source plane.</param>
    /// <param name="gridHeight">Output rows.</param>
    /// <param name="gridWidth">Output columns.</param>
    /// <param name="stepH">Source rows between outputs.</param>
    /// <param name="stepW">Source columns between outputs.</param>
    /// <param name="rows">Row of each tap.</param>
    /// <param name="columns">Column of each tap.</param>
    public ImageTaps(int height, int width, int gridHeight, int gridWidth, int stepH, int stepW, int[] rows, int[] columns)
    {
        (Height, Width, GridHeight, GridWidth, StepH, StepW) = (height, width, gridHeight, gridWidth, stepH, stepW);
        FirstRow = rows.Min();
        FirstColumn = columns.Min();
        RowSpan = rows.Max() - FirstRow + 1;
        int shift = 0;
        foreach (int column in columns)
        {
            Phases = Math.Max(Phases, (column - FirstColumn) % stepW + 1);
            shift = Math.Max(shift, (column - FirstColumn) / stepW);
        }

        Pitch = gridWidth + shift;
        RowPitch = Phases * Pitch;
        _places = new int[rows.Length];
        for (int t = 0; t < rows.Length; t++)
        {
            int column = columns[t] - FirstColumn;
            _places[t] = (rows[t] - FirstRow) * RowPitch + column % stepW * Pitch + column / stepW;
        }

        IsPlain = rows.Length == 1 && stepH == 1 && stepW == 1 && FirstRow == 0 && FirstColumn == 0 && gridHeight == height && gridWidth == width;
    }

    /// <summary>Rows of a source plane.</summary>
    public int Height { get; }

    /// <summary>Columns of a source plane.</summary>
    public int Width { get; }

    /// <summary>Output rows.</summary>
    public int GridHeight { get; }

    /// <summary>Output columns.</summary>
    public int GridWidth { get; }

    /// <summary>Outputs.</summary>
    public int Area => GridHeight * GridWidth;

    /// <summary>Source rows between outputs.</summary>
    public int StepH { get; }

    /// <summary>Source columns between outputs.</summary>
    public int StepW { get; }

    /// <summary>Smallest row of a tap.</summary>
    public int FirstRow { get; }

    /// <summary>Smallest column of a tap.</summary>
    public int FirstColumn { get; }

    /// <summary>Source rows that one output row looks at, from the first to the last.</summary>
    public int RowSpan { get; }

    /// <summary>A staged row holds so many parts: the pixels of each remainder by the column step that some tap looks at, so that neighbouring outputs
    /// find theirs side by side.</summary>
    public int Phases { get; }

    /// <summary>Elements of one such part.</summary>
    public int Pitch { get; }

    /// <summary>Elements of a staged row.</summary>
    public int RowPitch { get; }

    /// <summary>Number of taps.</summary>
    public int Count => _places.Length;

    /// <summary>Where each tap of the first output lies in staged rows.</summary>
    public ReadOnlySpan<int> Places => _places;

    /// <summary>Whether output and source planes correspond element by element, so that nothing needs staging.</summary>
    public bool IsPlain { get; }

    /// <summary>The grid of a convolution over its image.</summary>
    public static ImageTaps Forward(ConvGeometry g, Shape image, int kernelH, int kernelW, int outputHeight, int outputWidth)
    {
        int[] rows = new int[kernelH * kernelW], columns = new int[rows.Length];
        for (int t = 0; t < rows.Length; t++)
        {
            rows[t] = t / kernelW * g.DilationH - g.PadTop;
            columns[t] = t % kernelW * g.DilationW - g.PadLeft;
        }

        return new ImageTaps(image[2], image[3], outputHeight, outputWidth, g.StrideH, g.StrideW, rows, columns);
    }

    /// <summary>The grid of those pixels of an image that have given remainders by the strides, over the upstream gradient; null if no window reaches them.</summary>
    /// <param name="g">The convolution's geometry.</param>
    /// <param name="image">Shape of the image.</param>
    /// <param name="gradient">Shape of the upstream gradient.</param>
    /// <param name="kernelH">Rows of the window.</param>
    /// <param name="kernelW">Columns of the window.</param>
    /// <param name="row">Remainder of the rows by the stride.</param>
    /// <param name="column">Remainder of the columns.</param>
    /// <param name="window">The window elements that belong to the taps.</param>
    public static ImageTaps? Backward(ConvGeometry g, Shape image, Shape gradient, int kernelH, int kernelW, int row, int column, out int[] window)
    {
        var rows = new List<int>();
        var columns = new List<int>();
        var elements = new List<int>();
        for (int t = 0; t < kernelH * kernelW; t++)
        {
            // Image row y = output row · stride - pad + r · dilation, so the output row is this over the stride where that divides it.
            int y = row + g.PadTop - t / kernelW * g.DilationH, x = column + g.PadLeft - t % kernelW * g.DilationW;
            if (y % g.StrideH != 0 || x % g.StrideW != 0)
                continue;
            rows.Add(y / g.StrideH);
            columns.Add(x / g.StrideW);
            elements.Add(t);
        }

        window = elements.ToArray();
        if (window.Length == 0)
            return null;
        int height = (image[2] - row + g.StrideH - 1) / g.StrideH, width = (image[3] - column + g.StrideW - 1) / g.StrideW;
        return new ImageTaps(gradient[2], gradient[3], height, width, 1, 1, rows.ToArray(), columns.ToArray());
    }
}
