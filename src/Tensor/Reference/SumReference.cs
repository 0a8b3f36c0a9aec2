namespace ResNeSt.Tensors.Reference;

internal sealed class SumReference : ReferenceKernel<SumOp>
{
    protected override void Compute(SumOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var x = inputs[0];
        int[] target = ReductionStrides(x.Shape, op.Axes);
        for (int i = 0; i < x.Data.Length; i++)
            outputs[0].Data[Locate(i, x.Shape, target)] += x.Data[i];
    }

    /// <summary>Strides of the reduced array along the axes of the input, zero along those reduced.</summary>
    internal static int[] ReductionStrides(Shape input, Axes axes)
    {
        var strides = new int[input.Rank];
        int stride = 1;
        for (int axis = input.Rank - 1; axis >= 0; axis--)
        {
            if (axes.Contains(axis))
                continue;
            strides[axis] = stride;
            stride *= input[axis];
        }

        return strides;
    }

    /// <summary>Where element <paramref name="index"/> of an array of <paramref name="shape"/> lies under other strides.</summary>
    internal static int Locate(int index, Shape shape, int[] strides)
    {
        int offset = 0;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            offset += index % shape[axis] * strides[axis];
            index /= shape[axis];
        }

        return offset;
    }
}
