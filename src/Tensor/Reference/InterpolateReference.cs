namespace ResNeSt.Tensors.Reference;

internal sealed class InterpolateReference : ReferenceKernel<InterpolateOp>
{
    protected override void Compute(InterpolateOp op, ReferenceArray[] inputs, ReferenceArray[] outputs) => Visit(
        op, inputs[0].Shape, outputs[0].Shape, (output, input, weight) => outputs[0].Data[output] += weight * inputs[0].Data[input]);

    /// <summary>Visits every pair of an output element and an input element that it is made of, with that one's weight.</summary>
    public static void Visit(InterpolateOp op, Shape x, Shape y, Action<int, int, double> visit)
    {
        for (int i = 0; i < y.ElementCount; i++)
        {
            int plane = i / y.Product(2, 4) * x.Product(2, 4);
            var row = InterpolationTap.At(op.Mode, op.AlignCorners, op.ScaleHeight, i / y[3] % y[2], y[2], x[2]);
            var column = InterpolationTap.At(op.Mode, op.AlignCorners, op.ScaleWidth, i % y[3], y[3], x[3]);
            foreach (var (r, rowWeight) in new[] { (row.Low, 1 - row.HighWeight), (row.High, row.HighWeight) })
            {
                foreach (var (c, columnWeight) in new[] { (column.Low, 1 - column.HighWeight), (column.High, column.HighWeight) })
                {
                    if (rowWeight * columnWeight != 0)
                        visit(i, plane + r * x[3] + c, rowWeight * columnWeight);
                }
            }
        }
    }
}

internal sealed class InterpolateGradReference : ReferenceKernel<InterpolateGradOp>
{
    protected override void Compute(InterpolateGradOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var (dy, dx) = (inputs[0], outputs[0]);
        var forward = new InterpolateOp(op.Mode, dy.Shape[2], dy.Shape[3], op.AlignCorners, op.ScaleHeight, op.ScaleWidth);
        InterpolateReference.Visit(forward, dx.Shape, dy.Shape, (output, input, weight) => dx.Data[input] += weight * dy.Data[output]);
    }
}
