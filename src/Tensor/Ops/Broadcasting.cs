namespace ResNeSt.Tensors;

/// <summary>NumPy's rule for operators on tensors of different shapes: align the last axes; extents must be equal or one.</summary>
public static class Broadcasting
{
    /// <summary>The common shape of two operands.</summary>
    /// <exception cref="ShapeException">Some aligned extents differ and neither is one.</exception>
    public static Shape Combine(Shape left, Shape right, string op)
    {
        int rank = Math.Max(left.Rank, right.Rank);
        Span<int> extents = rank <= 16 ? stackalloc int[rank] : new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int a = i <= left.Rank ? left[left.Rank - i] : 1;
            int b = i <= right.Rank ? right[right.Rank - i] : 1;
            if (a != b && a != 1 && b != 1)
                throw new ShapeException($"{op}: shapes {left} and {right} cannot be combined: {a} against {b} on axis {rank - i}");
            extents[rank - i] = a == 1 ? b : a;
        }

        return Shape.Create(extents);
    }

    /// <summary>Undoes a broadcast for gradients: sums over the axes along which <paramref name="shape"/> was repeated.</summary>
    public static Tensor SumTo(Tensor gradient, Shape shape)
    {
        if (gradient.Shape == shape)
            return gradient;
        int added = gradient.Shape.Rank - shape.Rank;
        var repeated = new List<int>();
        for (int axis = 0; axis < gradient.Shape.Rank; axis++)
        {
            if (axis < added || (shape[axis - added] == 1 && gradient.Shape[axis] != 1))
                repeated.Add(axis);
        }

        return gradient.Sum(Axes.Of(repeated.ToArray())).Reshape(shape);
    }
}
