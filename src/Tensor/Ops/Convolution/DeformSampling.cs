namespace ResNeSt.Tensors;

/// <summary>Where the taps of a deformable convolution's windows lie before they are moved, and how many channels move together.</summary>
/// <param name="Geometry">Stride, padding and dilation; its groups do not matter to where a tap lies.</param>
/// <param name="KernelH">Rows of the window.</param>
/// <param name="KernelW">Columns of the window.</param>
/// <param name="OffsetGroups">G: parts of the input channels that have offsets of their own.</param>
public readonly record struct DeformSampling(ConvGeometry Geometry, int KernelH, int KernelW, int OffsetGroups)
{
    /// <summary>Taps of the window.</summary>
    public int Taps => KernelH * KernelW;

    /// <summary>Where tap <paramref name="tap"/> of the first window lies if nothing moves it.</summary>
    public (int Row, int Column) Corner(int tap) =>
        (tap / KernelW * Geometry.DilationH - Geometry.PadTop, tap % KernelW * Geometry.DilationW - Geometry.PadLeft);

    /// <summary>Extents of the output for an image of these rows and columns.</summary>
    public (int Height, int Width) OutputExtents(int height, int width) =>
        (Geometry.OutputHeight(height, KernelH), Geometry.OutputWidth(width, KernelW));

    /// <summary>What is wrong with an image and offsets of these shapes, or null.</summary>
    internal string? Fault(Shape image, Shape offset)
    {
        if (Geometry.Fault() is { } fault)
            return fault;
        if (KernelH < 1 || KernelW < 1)
            return $"the window {KernelH}×{KernelW} is empty";
        if (OffsetGroups < 1 || image[1] % OffsetGroups != 0)
            return $"{OffsetGroups} offset groups do not divide {image[1]} channels";
        var (height, width) = OutputExtents(image[2], image[3]);
        if (height < 1 || width < 1)
            return $"the window {KernelH}×{KernelW} with dilation {Geometry.DilationH}×{Geometry.DilationW} is larger than the padded image";
        Shape expected = [image[0], 2 * OffsetGroups * Taps, height, width];
        return offset == expected ? null : $"the offsets must be {expected}: row and column for each offset group, tap and position";
    }

    /// <summary>[N, C·R·S, H', W']: what the taps see.</summary>
    internal Shape Columns(Shape image, Shape offset) => [image[0], image[1] * Taps, offset[2], offset[3]];

    /// <summary>[N, G·R·S, H', W']: a factor for each offset group, tap and position.</summary>
    internal Shape Mask(Shape offset) => [offset[0], OffsetGroups * Taps, offset[2], offset[3]];
}
