namespace ResNeSt.Tensors;

/// <summary>The shape rule that all reductions share.</summary>
internal static class ReductionShape
{
    /// <summary>The shape that is left after reducing over some axes.</summary>
    /// <exception cref="ShapeException">An axis does not exist.</exception>
    public static Shape Reduced(string op, Shape input, Axes axes, bool keepAxes)
    {
        foreach (int axis in axes)
        {
            if (axis >= input.Rank)
                throw new ShapeException($"{op}: axis {axis} does not exist in a tensor of shape {input}");
        }

        var extents = new List<int>();
        for (int axis = 0; axis < input.Rank; axis++)
        {
            if (!axes.Contains(axis))
                extents.Add(input[axis]);
            else if (keepAxes)
                extents.Add(1);
        }

        return Shape.Create(extents.ToArray());
    }

    /// <summary>The input's shape with every reduced axis set to one.</summary>
    public static Shape Kept(Shape input, Axes axes)
    {
        var extents = input.ToArray();
        foreach (int axis in axes)
            extents[axis] = 1;
        return Shape.Create(extents);
    }

    /// <summary>How many elements meet in one result.</summary>
    public static long Terms(Shape input, Axes axes)
    {
        long terms = 1;
        foreach (int axis in axes)
            terms *= input[axis];
        return terms;
    }
}
