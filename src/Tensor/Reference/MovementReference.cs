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
