using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Four 32-bit words that move by one 128-bit instruction: the unit of a tile's row, two of which are one step of the tensor cores.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct Word4
{
    public uint X;
    public uint Y;
    public uint Z;
    public uint W;
}

/// <summary>What one lane holds of four 8×8 matrices, as ldmatrix gives it: word (lane / 4, lane % 4) of each.</summary>
internal struct MatrixWords
{
    public Ref<uint> X;
    public Ref<uint> Y;
    public Ref<uint> Z;
    public Ref<uint> W;
}

/// <summary>What one lane holds of a 16×8 tile of sums: rows lane / 4 (X, Y) and lane / 4 + 8 (Z, W), columns 2 · (lane % 4) and the next.</summary>
internal struct SumWords
{
    public Ref<float> X;
    public Ref<float> Y;
    public Ref<float> Z;
    public Ref<float> W;
}

/// <summary>The fragments of one step of a warp: four tiles of 16 rows, two pairs of tiles of 8 columns.</summary>
internal struct WarpFragments
{
    public MatrixWords A0, A1, A2, A3, B0, B1;
}

/// <summary>The sums of a warp's 64×32 part: tile (i, j) has rows 16 i and columns 8 j. Named fields live in registers.</summary>
internal struct WarpSums
{
    public SumWords C00, C01, C02, C03, C10, C11, C12, C13, C20, C21, C22, C23, C30, C31, C32, C33;
}
