using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The 8×8 sums of one thread. Named fields instead of an array: arrays would live in local memory, fields live in registers.</summary>
/// <remarks>Rows 0-3 and 4-7 lie half a block tile apart, and so do the two halves of each row (L and R):
/// neighbouring threads then read neighbouring 16-byte words of shared memory without bank conflicts.</remarks>
internal struct MicroTile
{
    public Float4 L0, R0, L1, R1, L2, R2, L3, R3, L4, R4, L5, R5, L6, R6, L7, R7;

    /// <summary>Adds the outer product of eight values of A and eight of B.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddOuterProduct(Float4 top, Float4 bottom, Float4 left, Float4 right)
    {
        L0.MultiplyAdd(top.X, left);
        R0.MultiplyAdd(top.X, right);
        L1.MultiplyAdd(top.Y, left);
        R1.MultiplyAdd(top.Y, right);
        L2.MultiplyAdd(top.Z, left);
        R2.MultiplyAdd(top.Z, right);
        L3.MultiplyAdd(top.W, left);
        R3.MultiplyAdd(top.W, right);
        L4.MultiplyAdd(bottom.X, left);
        R4.MultiplyAdd(bottom.X, right);
        L5.MultiplyAdd(bottom.Y, left);
        R5.MultiplyAdd(bottom.Y, right);
        L6.MultiplyAdd(bottom.Z, left);
        R6.MultiplyAdd(bottom.Z, right);
        L7.MultiplyAdd(bottom.W, left);
        R7.MultiplyAdd(bottom.W, right);
    }
}
