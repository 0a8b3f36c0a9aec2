using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Reference;

/// <summary>Base of the oracle's kernels: inputs arrive as doubles whatever their type, results are rounded once when stored.</summary>
/// <typeparam name="TOp">The operator.</typeparam>
internal abstract class ReferenceKernel<TOp> : Kernel<TOp>
    where TOp : Op
{
    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected sealed override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var x = new ReferenceArray[inputs.Length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = new ReferenceArray(inputs[i].Shape);
            ElementConversion.ToDoubles(inputs[i].Storage.HostBytes[..(int)inputs[i].Spec.ByteLength], inputs[i].DType, x[i].Data);
        }

        var y = new ReferenceArray[outputs.Length];
        for (int i = 0; i < y.Length; i++)
            y[i] = new ReferenceArray(outputs[i].Shape);
        Compute(op, x, y);
        for (int i = 0; i < y.Length; i++)
            ElementConversion.FromDoubles(y[i].Data, outputs[i].DType, outputs[i].Storage.HostBytes[..(int)outputs[i].Spec.ByteLength]);
    }

    /// <summary>Fills the outputs, which arrive as zeros.</summary>
    protected abstract void Compute(TOp op, ReferenceArray[] inputs, ReferenceArray[] outputs);
}
