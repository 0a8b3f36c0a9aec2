namespace ResNeSt.Tensors;

/// <summary>Base of operators that reduce a floating-point tensor over a set of axes.</summary>
/// <param name="Axes">The axes that are reduced.</param>
/// <param name="KeepAxes">Keep them with extent one instead of dropping them.</param>
public abstract record ReduceOp(Axes Axes, bool KeepAxes) : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        var extents = new List<int>();
        var shape = inputs[0].Shape;
        foreach (int axis in Axes)
        {
            if (axis >= shape.Rank)
                throw Error($"axis {axis} does not exist", inputs);
        }

        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (!Axes.Contains(axis))
                extents.Add(shape[axis]);
            else if (KeepAxes)
                extents.Add(1);
        }

        return [new TensorSpec(Shape.Create(extents.ToArray()), inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), inputs[0].ElementCount);

    /// <summary>The input's shape with every reduced axis set to one.</summary>
    protected Shape KeptShape(Shape input)
    {
        var extents = input.ToArray();
        foreach (int axis in Axes)
            extents[axis] = 1;
        return Shape.Create(extents);
    }
}
