namespace ResNeSt.Tensors;

/// <summary>How the window of a two-dimensional convolution moves over the image, and how channels are grouped.</summary>
/// <param name="StrideH">Rows between windows.</param>
/// <param name="StrideW">Columns between windows.</param>
/// <param name="PadTop">Rows of zeros above the image; negative takes rows away, on every side.</param>
/// <param name="PadLeft">Columns of zeros left of it.</param>
/// <param name="PadBottom">Rows of zeros below it.</param>
/// <param name="PadRight">Columns of zeros right of it.</param>
/// <param name="DilationH">Rows between the taps of the window.</param>
/// <param name="DilationW">Columns between the taps.</param>
/// <param name="Groups">Parts into which input and output channels are divided; each output part sees its input part only.</param>
public readonly record struct ConvGeometry(
    int StrideH, int StrideW, int PadTop, int PadLeft, int PadBottom, int PadRight, int DilationH, int DilationW, int Groups)
{
    /// <summary>The same stride, padding and dilation in both directions and on all sides.</summary>
    public static ConvGeometry Of(int stride = 1, int padding = 0, int dilation = 1, int groups = 1) =>
        new(stride, stride, padding, padding, padding, padding, dilation, dilation, groups);

    /// <summary>Stride one and enough padding, more of it at the end, that the output has the input's extents.</summary>
    public static ConvGeometry Same(int kernelH, int kernelW, int dilation = 1, int groups = 1)
    {
        int h = dilation * (kernelH - 1), w = dilation * (kernelW - 1);
        return new(1, 1, h / 2, w / 2, h - h / 2, w - w / 2, dilation, dilation, groups);
    }

    /// <summary>Output rows of a convolution; zero or negative if the window does not fit.</summary>
    public int OutputHeight(int inputHeight, int kernelH) => OutputExtent(inputHeight, kernelH, PadTop + PadBottom, DilationH, StrideH);

    /// <summary>Output columns of a convolution; zero or negative if the window does not fit.</summary>
    public int OutputWidth(int inputWidth, int kernelW) => OutputExtent(inputWidth, kernelW, PadLeft + PadRight, DilationW, StrideW);

    /// <summary>What is wrong with these numbers, or null.</summary>
    internal string? Fault() =>
        StrideH < 1 || StrideW < 1 ? $"stride {StrideH}×{StrideW} must be positive"
        : DilationH < 1 || DilationW < 1 ? $"dilation {DilationH}×{DilationW} must be positive"
        : Groups < 1 ? $"{Groups} groups must be at least one"
        : null;

    private static int OutputExtent(int input, int kernel, int padding, int dilation, int stride)
    {
        int room = input + padding - dilation * (kernel - 1) - 1;
        return room < 0 ? 0 : room / stride + 1;
    }
}
