using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Four floats that move by one 128-bit instruction.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct Float4
{
    public float X;
    public float Y;
    public float Z;
    public float W;

    /// <summary>this += a · b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float a, Float4 b)
    {
        X += a * b.X;
        Y += a * b.Y;
        Z += a * b.Z;
        W += a * b.W;
    }
}
