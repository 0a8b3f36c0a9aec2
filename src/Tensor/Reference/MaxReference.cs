namespace ResNeSt.Tensors.Reference;

internal sealed class MaxReference : ReferenceKernel<MaxOp>
{
    protected override void Compute(MaxOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var x = inputs[0];
        int[] target = SumReference.ReductionStrides(x.Shape, op.Axes);
        Array.Fill(outputs[0].Data, double.NegativeInfinity);
        for (int i = 0; i < x.Data.Length; i++)
        {
            ref double max = ref outputs[0].Data[SumReference.Locate(i, x.Shape, target)];
            max = Math.Max(max, x.Data[i]);
        }
    }
}

internal sealed class ArgMaxReference : ReferenceKernel<ArgMaxOp>
{
    protected override void Compute(ArgMaxOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var x = inputs[0];
        int extent = x.Shape[op.Axis];
        int inner = x.Shape.Product(op.Axis + 1, x.Shape.Rank);
        for (int i = 0; i < outputs[0].Data.Length; i++)
        {
            int first = i / inner * extent * inner + i % inner;
            int best = 0;
            for (int k = 1; k < extent; k++)
            {
                double candidate = x.Data[first + k * inner], champion = x.Data[first + best * inner];
                bool tie = candidate == champion || (double.IsNaN(candidate) && double.IsNaN(champion));
                if (tie ? op.SelectLast : candidate > champion || (double.IsNaN(candidate) && !double.IsNaN(champion)))
                    best = k;
            }

            outputs[0].Data[i] = best;
        }
    }
}
