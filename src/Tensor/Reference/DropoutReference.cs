namespace ResNeSt.Tensors.Reference;

internal sealed class DropoutReference : ReferenceKernel<DropoutOp>
{
    protected override void Compute(DropoutOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        for (int i = 0; i < inputs[0].Data.Length; i++)
            outputs[0].Data[i] = Generator.UniformAt(op.Seed, (ulong)i) < op.P ? 0 : inputs[0].Data[i] / (1 - op.P);
    }
}
