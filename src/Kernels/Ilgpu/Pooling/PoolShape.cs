using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Windows over the planes of an image.</summary>
internal readonly struct PoolShape(PoolGeometry g, Shape input, Shape output)
{
    public readonly int Height = input[2];
    public readonly int Width = input[3];
    public readonly FastDivisor OutputHeight = new(Math.Max(1, output[2]));
    public readonly FastDivisor OutputWidth = new(Math.Max(1, output[3]));
    public readonly FastDivisor InputHeight = new(Math.Max(1, input[2]));
    public readonly FastDivisor InputWidth = new(Math.Max(1, input[3]));
    public readonly int KernelH = g.KernelH;
    public readonly int KernelW = g.KernelW;
    public readonly int StrideH = g.StrideH;
    public readonly int StrideW = g.StrideW;
    public readonly int PadTop = g.PadTop;
    public readonly int PadLeft = g.PadLeft;
    public readonly int PadBottom = g.PadBottom;
    public readonly int PadRight = g.PadRight;
    public readonly int DilationH = g.DilationH;
    public readonly int DilationW = g.DilationW;
}
