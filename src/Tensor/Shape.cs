using System.Collections;
using System.Runtime.CompilerServices;

namespace ResNeSt.Tensors;

/// <summary>The extents of a tensor, outermost first, as an immutable value: two shapes are equal when all their extents are.</summary>
/// <remarks>Written as a collection expression: <c>Shape image = [1, 3, 224, 224];</c>. An empty list is the shape of a scalar.</remarks>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IEnumerable<int>
{
    private readonly int[]? _extents;

    private Shape(int[] extents) => _extents = extents;

    /// <summary>A shape of the given extents.</summary>
    /// <exception cref="ShapeException">An extent is negative, or the element count exceeds 2^31 - 1.</exception>
    public static Shape Create(ReadOnlySpan<int> extents)
    {
        var copy = extents.ToArray();
        long count = 1;
        foreach (int extent in copy)
        {
            if (extent < 0)
                throw new ShapeException($"shape: extent {extent} is negative ([{string.Join(",", copy)}])");
            // Zero extents make the count zero, but the others must still multiply without overflow.
            count *= Math.Max(extent, 1);
            if (count > int.MaxValue)
                throw new ShapeException($"shape: [{string.Join(",", copy)}] has more than {int.MaxValue} elements");
        }

        return new Shape(copy);
    }

    /// <summary>The shape of a scalar: no extents, one element.</summary>
    public static Shape Scalar => default;

    /// <summary>Number of axes.</summary>
    public int Rank => _extents?.Length ?? 0;

    /// <summary>Extent of one axis; a negative number counts from the last.</summary>
    public int this[int axis] => _extents![axis < 0 ? axis + Rank : axis];

    /// <summary>Extent of one axis; <c>[^1]</c> is the last.</summary>
    public int this[Index axis] => _extents![axis];

    /// <summary>Extents as a read-only span.</summary>
    public ReadOnlySpan<int> Extents => _extents;

    /// <summary>Product of all extents; 1 for a scalar.</summary>
    public int ElementCount
    {
        get
        {
            int count = 1;
            foreach (int extent in Extents)
                count *= extent;
            return count;
        }
    }

    /// <summary>Product of the extents of axes [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public int Product(int from, int to)
    {
        int count = 1;
        for (int axis = from; axis < to; axis++)
            count *= _extents![axis];
        return count;
    }

    /// <summary>The axis <paramref name="axis"/> counted from the front; negative values count from the last axis.</summary>
    /// <exception cref="ShapeException">The axis does not exist.</exception>
    public int NormalizeAxis(int axis, string op)
    {
        int normalized = axis < 0 ? axis + Rank : axis;
        return normalized >= 0 && normalized < Rank
            ? normalized
            : throw new ShapeException($"{op}: axis {axis} does not exist in a tensor of shape {this}");
    }

    /// <summary>This shape with one extent replaced.</summary>
    public Shape With(int axis, int extent)
    {
        var copy = (int[])_extents!.Clone();
        copy[axis] = extent;
        return Create(copy);
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => Extents.SequenceEqual(other.Extents);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (int extent in Extents)
            hash.Add(extent);
        return hash.ToHashCode();
    }

    /// <summary>Equality of all extents.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Inequality of any extent.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>The extents in brackets: <c>[1,3,224,224]</c>.</summary>
    public override string ToString() => $"[{string.Join(",", _extents ?? [])}]";

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)(_extents ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
