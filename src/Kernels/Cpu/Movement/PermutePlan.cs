using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A permutation reduced to what matters: axes of one dropped, axes that stay neighbours joined.</summary>
internal sealed class PermutePlan
{
    /// <param name="input">Shape of the input.</param>
    /// <param name="order">Input axes in the order of the result.</param>
    public PermutePlan(Shape input, Permutation order)
    {
        var strides = new int[input.Rank];
        int stride = 1;
        for (int axis = input.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= input[axis];
        }

        var extents = new List<int>();
        var sources = new List<int>();
        for (int i = order.Rank - 1; i >= 0; i--)
        {
            int axis = order[i];
            if (input[axis] == 1)
                continue;
            if (extents.Count > 0 && strides[axis] == sources[^1] * extents[^1])
                extents[^1] *= input[axis];
            else
            {
                extents.Add(input[axis]);
                sources.Add(strides[axis]);
            }
        }

        if (extents.Count == 0)
        {
            extents.Add(1);
            sources.Add(1);
        }

        Extents = extents.ToArray();
        SourceStrides = sources.ToArray();
        TargetStrides = new int[Extents.Length];
        stride = 1;
        for (int i = 0; i < Extents.Length; i++)
        {
            TargetStrides[i] = stride;
            stride *= Extents[i];
        }
    }

    /// <summary>Extents of the joined axes, from the result's innermost.</summary>
    public int[] Extents { get; }

    /// <summary>Elements between neighbours along each joined axis in the input.</summary>
    public int[] SourceStrides { get; }

    /// <summary>Elements between neighbours along each joined axis in the result.</summary>
    public int[] TargetStrides { get; }
}
