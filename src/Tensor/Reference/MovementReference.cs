namespace ResNeSt.Tensors.Reference;

internal sealed class BroadcastToReference : ReferenceKernel<BroadcastToOp>
{
    protected override void Compute(BroadcastToOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var strides = inputs[0].Strides(op.Shape.Rank, broadcast: true);
        for (int i = 0; i < outputs[0].Data.Length; i++)
            outputs[0].Data[i] = inputs[0].Data[SumReference.Locate(i, op.Shape, strides)];
    }
}

internal sealed class CastReference : ReferenceKernel<CastOp>
{
    protected override void Compute(CastOp op, ReferenceArray[] inputs, ReferenceArray[] outputs) =>
        inputs[0].Data.CopyTo(outputs[0].Data, 0);
}

internal sealed class PermuteReference : ReferenceKernel<PermuteOp>
{
    protected override void Compute(PermuteOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        int[] own = inputs[0].Strides(inputs[0].Shape.Rank);
        int[] strides = Array.ConvertAll(op.Permutation.ToArray(), axis => own[axis]);
        for (int i = 0; i < outputs[0].Data.Length; i++)
            outputs[0].Data[i] = inputs[0].Data[SumReference.Locate(i, outputs[0].Shape, strides)];
    }
}

internal sealed class SliceReference : ReferenceKernel<SliceOp>
{
    protected override void Compute(SliceOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        int[] strides = inputs[0].Strides(inputs[0].Shape.Rank);
        for (int i = 0; i < outputs[0].Data.Length; i++)
            outputs[0].Data[i] = inputs[0].Data[op.Start * strides[op.Axis] + SumReference.Locate(i, outputs[0].Shape, strides)];
    }
}

internal sealed class ConcatReference : ReferenceKernel<ConcatOp>
{
    protected override void Compute(ConcatOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        int[] strides = outputs[0].Strides(outputs[0].Shape.Rank);
        int start = 0;
        foreach (var input in inputs)
        {
            for (int i = 0; i < input.Data.Length; i++)
                outputs[0].Data[start * strides[op.Axis] + SumReference.Locate(i, input.Shape, strides)] = input.Data[i];
            start += input.Shape[op.Axis];
        }
    }
}

internal sealed class PadReference : ReferenceKernel<PadOp>
{
    protected override void Compute(PadOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        int extent = inputs[0].Shape[op.Axis], padded = outputs[0].Shape[op.Axis];
        int inner = inputs[0].Shape.Product(op.Axis + 1, inputs[0].Shape.Rank);
        for (int i = 0; i < outputs[0].Data.Length; i++)
        {
            int source = PadOp.Source(op.Mode, i / inner % padded - op.Before, extent);
            outputs[0].Data[i] = source < 0 ? op.Value : inputs[0].Data[(i / inner / padded * extent + source) * inner + i % inner];
        }
    }
}

internal sealed class PadGradReference : ReferenceKernel<PadGradOp>
{
    protected override void Compute(PadGradOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        int extent = outputs[0].Shape[op.Axis], padded = inputs[0].Shape[op.Axis];
        int inner = inputs[0].Shape.Product(op.Axis + 1, inputs[0].Shape.Rank);
        for (int i = 0; i < inputs[0].Data.Length; i++)
        {
            int source = PadOp.Source(op.Mode, i / inner % padded - op.Before, extent);
            outputs[0].Data[(i / inner / padded * extent + source) * inner + i % inner] += inputs[0].Data[i];
        }
    }
}

internal sealed class OneHotReference : ReferenceKernel<OneHotOp>
{
    protected override void Compute(OneHotOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        for (int i = 0; i < inputs[0].Data.Length; i++)
        {
            if (inputs[0].Data[i] >= 0 && inputs[0].Data[i] < op.Classes)
                outputs[0].Data[i * op.Classes + (int)inputs[0].Data[i]] = 1;
        }
    }
}
