using System.Collections;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ResNeSt.Tensors;

/// <summary>A set of axes, counted from the front, as a value: <c>x.Sum([2, 3])</c>.</summary>
/// <remarks>At most 32 axes exist, so a set is one number and records that hold it compare by value.</remarks>
[CollectionBuilder(typeof(Axes), nameof(Of))]
public readonly record struct Axes : IEnumerable<int>
{
    private readonly uint _bits;

    private Axes(uint bits) => _bits = bits;

    /// <summary>Number of axes in the set.</summary>
    public int Count => BitOperations.PopCount(_bits);

    /// <summary>The set of the given axes.</summary>
    /// <exception cref="ShapeException">An axis is negative or above 31; normalise negative axes with <see cref="Shape.NormalizeAxis"/> first.</exception>
    public static Axes Of(params ReadOnlySpan<int> axes)
    {
        uint bits = 0;
        foreach (int axis in axes)
        {
            if ((uint)axis > 31)
                throw new ShapeException($"axes: {axis} is no axis; count from the front");
            bits |= 1u << axis;
        }

        return new Axes(bits);
    }

    /// <summary>All axes of a tensor of the given rank.</summary>
    public static Axes All(int rank) => new(rank == 32 ? uint.MaxValue : (1u << rank) - 1);

    /// <summary>Whether an axis is in the set.</summary>
    public bool Contains(int axis) => (_bits >> axis & 1) != 0;

    /// <summary>The axes in ascending order.</summary>
    public IEnumerator<int> GetEnumerator()
    {
        for (int axis = 0; axis < 32; axis++)
        {
            if (Contains(axis))
                yield return axis;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The axes in brackets.</summary>
    public override string ToString() => $"[{string.Join(",", this)}]";
}
