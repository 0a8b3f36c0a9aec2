namespace ResNeSt.Tensors.Reference;

internal sealed class MatMulReference : ReferenceKernel<MatMulOp>
{
    protected override void Compute(MatMulOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var (a, b, c) = (inputs[0], inputs[1], outputs[0]);
        int rows = c.Shape[-2], columns = c.Shape[-1], terms = a.Shape[op.TransposeLeft ? -2 : -1];
        var batchShape = Shape.Create(c.Shape.Extents[..^2]);
        var aStrides = BatchStrides(a.Shape, batchShape.Rank);
        var bStrides = BatchStrides(b.Shape, batchShape.Rank);
        Parallel.For(0, batchShape.ElementCount, batch =>
        {
            var left = a.Data.AsSpan(SumReference.Locate(batch, batchShape, aStrides), rows * terms);
            var right = b.Data.AsSpan(SumReference.Locate(batch, batchShape, bStrides), terms * columns);
            int padded = ReferenceProduct.Pad(columns);
            var aRows = new double[rows * terms];
            for (int m = 0; m < rows; m++)
            {
                for (int k = 0; k < terms; k++)
                    aRows[m * terms + k] = op.TransposeLeft ? left[k * rows + m] : left[m * terms + k];
            }

            var bRows = new double[terms * padded];
            for (int k = 0; k < terms; k++)
            {
                for (int n = 0; n < columns; n++)
                    bRows[k * padded + n] = op.TransposeRight ? right[n * terms + k] : right[k * columns + n];
            }

            ReferenceProduct.Add(aRows, terms, bRows, c.Data.AsSpan(batch * rows * columns, rows * columns), columns, rows, terms, columns);
        });
    }

    /// <summary>Strides of the leading axes, aligned to <paramref name="rank"/> axes, zero where one matrix serves the whole axis.</summary>
    private static int[] BatchStrides(Shape shape, int rank)
    {
        var strides = new int[rank];
        int stride = shape[-1] * shape[-2];
        for (int axis = shape.Rank - 3; axis >= 0; axis--)
        {
            strides[rank - (shape.Rank - 2) + axis] = shape[axis] == 1 ? 0 : stride;
            stride *= shape[axis];
        }

        return strides;
    }
}
