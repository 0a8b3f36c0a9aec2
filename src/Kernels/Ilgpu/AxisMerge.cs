using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Joins neighbouring axes that every operand walks through in the same way, so that kernels divide less.</summary>
internal static class AxisMerge
{
    /// <summary>Row-major strides of <paramref name="shape"/> aligned to the last axes of <paramref name="rank"/>; zero along axes of extent one.</summary>
    public static int[] Strides(Shape shape, int rank)
    {
        var strides = new int[rank];
        int stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            strides[rank - shape.Rank + axis] = shape[axis] == 1 ? 0 : stride;
            stride *= shape[axis];
        }

        return strides;
    }

    /// <summary>Drops axes of extent one and joins axes (i, i+1) where strides[i] = strides[i+1] · extent[i+1] for every operand.</summary>
    /// <returns>The new extents; the strides are replaced in place.</returns>
    public static int[] Merge(ReadOnlySpan<int> extents, params Span<int[]> strides)
    {
        var merged = new List<int>();
        var kept = new List<int>[strides.Length];
        for (int k = 0; k < kept.Length; k++)
            kept[k] = [];
        for (int axis = 0; axis < extents.Length; axis++)
        {
            if (extents[axis] == 1)
                continue;
            bool join = merged.Count > 0;
            for (int k = 0; k < kept.Length && join; k++)
                join = kept[k][^1] == (long)strides[k][axis] * extents[axis];
            if (join)
                merged[^1] *= extents[axis];
            else
                merged.Add(extents[axis]);
            for (int k = 0; k < kept.Length; k++)
            {
                if (join)
                    kept[k][^1] = strides[k][axis];
                else
                    kept[k].Add(strides[k][axis]);
            }
        }

        for (int k = 0; k < kept.Length; k++)
            strides[k] = kept[k].ToArray();
        return merged.ToArray();
    }
}
