using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Which product of a batch a group works on, and which part of its sums.</summary>
internal struct GemmPart
{
    /// <summary>Which product.</summary>
    public int Batch;

    /// <summary>Which part of the sums.</summary>
    public int Split;

    /// <summary>First depth of the part.</summary>
    public int Begin;

    /// <summary>The depth behind its last.</summary>
    public int End;

    /// <summary>The part of this group: products and parts lie along the grid's third axis.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GemmPart OfGroup(GemmDepth depth)
    {
        var part = default(GemmPart);
        part.Batch = Grid.IdxZ / depth.Splits;
        part.Split = Grid.IdxZ - part.Batch * depth.Splits;
        part.Begin = part.Split * depth.DepthPerSplit;
        part.End = IntrinsicMath.Min(part.Begin + depth.DepthPerSplit, depth.Depth);
        return part;
    }
}
