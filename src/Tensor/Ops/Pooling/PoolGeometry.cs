namespace ResNeSt.Tensors;

/// <summary>The window of a two-dimensional pool and how it moves over the image.</summary>
/// <param name="KernelH">Rows of the window.</param>
/// <param name="KernelW">Columns of the window.</param>
/// <param name="StrideH">Rows between windows.</param>
/// <param name="StrideW">Columns between windows.</param>
/// <param name="PadTop">Rows of padding above the image.</param>
/// <param name="PadLeft">Columns of padding left of it.</param>
/// <param name="PadBottom">Rows of padding below it.</param>
/// <param name="PadRight">Columns of padding right of it.</param>
/// <param name="DilationH">Rows between the taps of the window.</param>
/// <param name="DilationW">Columns between the taps.</param>
/// <param name="CeilMode">Let the last window hang over the end of the padded image, as long as it begins inside the image or its leading padding.</param>
public readonly record struct PoolGeometry(
    int KernelH, int KernelW, int StrideH, int StrideW, int PadTop, int PadLeft, int PadBottom, int PadRight,
    int DilationH, int DilationW, bool CeilMode)
{
    /// <summary>The same in both directions and on all sides.</summary>
    /// <param name="kernel">Extent of the window.</param>
    /// <param name="stride">Step between windows; the extent of the window if zero.</param>
    /// <param name="padding">Padding on every side.</param>
    /// <param name="dilation">Step between taps.</param>
    /// <param name="ceilMode">See <see cref="CeilMode"/>.</param>
    public static PoolGeometry Of(int kernel, int stride = 0, int padding = 0, int dilation = 1, bool ceilMode = false)
    {
        int step = stride == 0 ? kernel : stride;
        return new(kernel, kernel, step, step, padding, padding, padding, padding, dilation, dilation, ceilMode);
    }

    /// <summary>Output rows; zero or negative if the window does not fit.</summary>
    public int OutputHeight(int inputHeight) => OutputExtent(inputHeight, PadTop, PadBottom, DilationH * (KernelH - 1) + 1, StrideH);

    /// <summary>Output columns; zero or negative if the window does not fit.</summary>
    public int OutputWidth(int inputWidth) => OutputExtent(inputWidth, PadLeft, PadRight, DilationW * (KernelW - 1) + 1, StrideW);

    /// <summary>What is wrong with these numbers, or null.</summary>
    internal string? Fault() =>
        KernelH < 1 || KernelW < 1 ? $"window {KernelH}×{KernelW} must be positive"
        : StrideH < 1 || StrideW < 1 ? $"stride {StrideH}×{StrideW} must be positive"
        : DilationH < 1 || DilationW < 1 ? $"dilation {DilationH}×{DilationW} must be positive"
        : PadTop < 0 || PadLeft < 0 || PadBottom < 0 || PadRight < 0 ? $"padding {PadTop},{PadLeft},{PadBottom},{PadRight} must not be negative"
        : Math.Max(PadTop, PadBottom) > DilationH * (KernelH - 1) || Math.Max(PadLeft, PadRight) > DilationW * (KernelW - 1)
            ? $"padding {PadTop},{PadLeft},{PadBottom},{PadRight} must be smaller than the window"
        : null;

    private int OutputExtent(int input, int before, int after, int window, int stride)
    {
        int room = input + before + after - window;
        if (room < 0 && !(CeilMode && room > -stride))
            return 0;
        int extent = (room + (CeilMode ? stride - 1 : 0)) / stride + 1;
        return CeilMode && (extent - 1) * stride >= input + before ? extent - 1 : extent;
    }
}
