using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Adds each upstream gradient to the place that its window chose; each plane belongs to one thread.</summary>
internal sealed unsafe class MaxPool2dGradCpuKernel : Kernel<MaxPool2dGradOp>
{
    protected override bool Supports(MaxPool2dGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(MaxPool2dGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (dy, dx) = (inputs[0], outputs[0]);
        int outputPlane = dy.Shape.Product(2, 4), inputPlane = dx.Shape.Product(2, 4);
        float* upstream = dy.Floats, target = dx.Floats;
        int* places = (int*)inputs[1].Bytes;
        ParallelRows.ForRanges(dx.Shape.Product(0, 2), PoolTaps.PlanesPerPiece(inputPlane), (from, to) =>
        {
            new Span<float>(target + (nint)from * inputPlane, (to - from) * inputPlane).Clear();
            for (int plane = from; plane < to; plane++)
            {
                float* gradient = target + (nint)plane * inputPlane;
                nint first = (nint)plane * outputPlane;
                for (nint i = first; i < first + outputPlane; i++)
                {
                    if (places[i] >= 0)
                        gradient[places[i]] += upstream[i];
                }
            }
        });
    }
}
