using System.Collections;
using System.Runtime.CompilerServices;

namespace ResNeSt.Tensors;

/// <summary>An order of axes as a value: output axis i is input axis p[i]. At most 16 axes.</summary>
[CollectionBuilder(typeof(Permutation), nameof(Of))]
public readonly record struct Permutation : IEnumerable<int>
{
    private readonly ulong _nibbles;

    private Permutation(ulong nibbles, int rank)
    {
        _nibbles = nibbles;
        Rank = rank;
    }

    /// <summary>Number of axes.</summary>
    public int Rank { get; }

    /// <summary>The input axis that becomes output axis <paramref name="axis"/>.</summary>
    public int this[int axis] => (int)(_nibbles >> (4 * axis) & 15);

    /// <summary>The order in which axis 0 of the output is axis <c>axes[0]</c> of the input, and so on.</summary>
    /// <exception cref="ShapeException">Not each axis occurs exactly once.</exception>
    public static Permutation Of(params ReadOnlySpan<int> axes)
    {
        ulong nibbles = 0;
        uint seen = 0;
        for (int i = 0; i < axes.Length; i++)
        {
            if ((uint)axes[i] >= (uint)Math.Min(axes.Length, 16) || (seen >> axes[i] & 1) != 0)
                throw new ShapeException($"permute: [{string.Join(",", axes.ToArray())}] does not name each axis exactly once");
            seen |= 1u << axes[i];
            nibbles |= (ulong)axes[i] << (4 * i);
        }

        return new Permutation(nibbles, axes.Length);
    }

    /// <summary>The order that undoes this one.</summary>
    public Permutation Inverse()
    {
        Span<int> inverse = stackalloc int[Rank];
        for (int i = 0; i < Rank; i++)
            inverse[this[i]] = i;
        return Of(inverse);
    }

    /// <summary>The input axes in output order.</summary>
    public IEnumerator<int> GetEnumerator()
    {
        for (int i = 0; i < Rank; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The axes in brackets.</summary>
    public override string ToString() => $"[{string.Join(",", this)}]";
}
