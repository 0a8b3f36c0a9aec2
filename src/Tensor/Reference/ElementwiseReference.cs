namespace ResNeSt.Tensors.Reference;

/// <summary>y[i] = f(x[i]).</summary>
internal sealed class UnaryReference<TOp>(Func<TOp, double, double> f) : ReferenceKernel<TOp>
    where TOp : UnaryOp
{
    protected override void Compute(TOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        for (int i = 0; i < outputs[0].Data.Length; i++)
            outputs[0].Data[i] = f(op, inputs[0].Data[i]);
    }
}

/// <summary>y[i] = f(a[i], b[i]) with broadcasting.</summary>
internal sealed class BinaryReference<TOp>(Func<TOp, double, double, double> f) : ReferenceKernel<TOp>
    where TOp : BinaryOp
{
    protected override void Compute(TOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var y = outputs[0];
        int rank = y.Shape.Rank;
        var a = inputs[0].Strides(rank, broadcast: true);
        var b = inputs[1].Strides(rank, broadcast: true);
        for (int i = 0; i < y.Data.Length; i++)
        {
            int rest = i, ia = 0, ib = 0;
            for (int axis = rank - 1; axis >= 0; axis--)
            {
                int position = rest % y.Shape[axis];
                rest /= y.Shape[axis];
                ia += position * a[axis];
                ib += position * b[axis];
            }

            y.Data[i] = f(op, inputs[0].Data[ia], inputs[1].Data[ib]);
        }
    }
}

/// <summary>y[i] = c[i] ≠ 0 ? a[i] : b[i] with broadcasting.</summary>
internal sealed class WhereReference : ReferenceKernel<WhereOp>
{
    protected override void Compute(WhereOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var y = outputs[0];
        int[][] strides = Array.ConvertAll(inputs, input => input.Strides(y.Shape.Rank, broadcast: true));
        for (int i = 0; i < y.Data.Length; i++)
        {
            int chosen = inputs[0].Data[SumReference.Locate(i, y.Shape, strides[0])] != 0 ? 1 : 2;
            y.Data[i] = inputs[chosen].Data[SumReference.Locate(i, y.Shape, strides[chosen])];
        }
    }
}
