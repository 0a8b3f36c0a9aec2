using System.Collections.Immutable;
using System.Globalization;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>One tensor of a weight file: everything but its values.</summary>
/// <remarks>An entry belongs to the <see cref="WeightFile"/> that lists it and is read through that file.</remarks>
public sealed class WeightEntry
{
    /// <param name="index">Position in <see cref="WeightFile.Entries"/>.</param>
    /// <param name="name">Name as the file spells it, unescaped.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Extents, outermost first; none for a scalar.</param>
    /// <param name="byteLength">Bytes of the packed, C-ordered values.</param>
    /// <param name="dtypeName">The file's own name of the type, where <paramref name="dtype"/> is unknown.</param>
    public WeightEntry(int index, string name, WeightDType dtype, ImmutableArray<long> shape, long byteLength, string? dtypeName = null)
    {
        Index = index;
        Name = name;
        DType = dtype;
        Shape = shape;
        ByteLength = byteLength;
        DTypeName = dtypeName ?? dtype.Name;
        ElementCount = Count(shape);
    }

    /// <summary>Position in <see cref="WeightFile.Entries"/>.</summary>
    public int Index { get; }

    /// <summary>Name as the file spells it. Escape it with <see cref="DataFileException.Escape"/> before printing.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public WeightDType DType { get; }

    /// <summary>Name of the element type as safetensors spells it, or as the file does where the type is unknown.</summary>
    public string DTypeName { get; }

    /// <summary>Extents, outermost first; none for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Product of the extents.</summary>
    public long ElementCount { get; }

    /// <summary>Bytes of the packed, C-ordered values.</summary>
    public long ByteLength { get; }

    /// <summary>The shape as the engine has it.</summary>
    /// <exception cref="DataFileException">More than 2^31 - 1 elements, or an extent beyond that.</exception>
    public Shape ToShape()
    {
        var extents = new int[Shape.Length];
        long count = 1;
        for (int axis = 0; axis < extents.Length; axis++)
        {
            count = Shape[axis] > int.MaxValue ? long.MaxValue : count * Math.Max(Shape[axis], 1);
            if (count > int.MaxValue)
                throw new DataFileException(DataFileErrorKind.TooLarge, $"shape {ShapeText} is beyond the engine's 2^31 - 1 elements; split the tensor", entry: Name);
            extents[axis] = (int)Shape[axis];
        }

        return ResNeSt.Tensors.Shape.Create(extents);
    }

    /// <summary>The extents in brackets: <c>[64,3,7,7]</c>.</summary>
    public string ShapeText => $"[{string.Join(",", Shape.Select(extent => extent.ToString(CultureInfo.InvariantCulture)))}]";

    /// <inheritdoc/>
    public override string ToString() => $"{DataFileException.Escape(Name)} {DTypeName} {ShapeText}";

    // With a zero among them the other extents may multiply to anything.
    private static long Count(ImmutableArray<long> shape)
    {
        bool isEmpty = false;
        for (int axis = 0; axis < shape.Length; axis++)
            isEmpty |= shape[axis] == 0;
        long count = 1;
        for (int axis = 0; axis < shape.Length && !isEmpty; axis++)
            count = checked(count * shape[axis]);
        return isEmpty ? 0 : count;
    }
}
