using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Four 32-bit words that move by one 128-bit instruction: the unit of a tile's row, two of which are one step of the tensor cores;
/// also what a lane holds of four 8×8 matrices as ldmatrix gives them, word (lane / 4, lane % 4) of each.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct Word4
{
    public uint X;
    public uint Y;
    public uint Z;
    public uint W;
}
