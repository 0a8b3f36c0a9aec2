using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Where a value of a graph lies while it is lowered: dense, in blocks, or both.</summary>
internal sealed class ValuePlace
{
    /// <summary>Buffer of the dense row-major form; -1 if there is none.</summary>
    public int Dense { get; set; } = -1;

    /// <summary>Buffer of the form in blocks; -1 if there is none.</summary>
    public int Blocked { get; set; } = -1;

    /// <summary>The zeros that readers need around the form in blocks.</summary>
    public Border Border { get; set; }

    /// <summary>Whether a value is one number per picture and channel: then whole blocks lie as dense values do.</summary>
    public static bool IsVector(Shape shape) => shape.Rank == 2 || (shape.Rank == 4 && shape[2] == 1 && shape[3] == 1);

    /// <summary>How the form in blocks lies.</summary>
    public BlockedLayout Layout(Shape shape) => shape.Rank == 2
        ? new BlockedLayout(shape[0], shape[1], 1, 1, Border)
        : new BlockedLayout(shape[0], shape[1], shape[2], shape[3], Border);
}
