using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Inference.Tests;

/// <summary>Gives its input, and lets a test do something in the middle of a run.</summary>
internal sealed record ProbeOp : UnaryOp
{
    /// <summary>What happens on the thread that runs; null for nothing.</summary>
    public static Action? Reached { get; set; }

    /// <summary>Adds the kernel to a backend, once.</summary>
    public static void AddTo(Backend backend)
    {
        if (!backend.Kernels.All.Any(kernel => kernel is Copy))
            backend.Kernels.Add(new Copy());
    }

    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput());

    private sealed class Copy : Kernel<ProbeOp>
    {
        protected override bool Supports(ProbeOp op, ReadOnlySpan<TensorSpec> inputs) => true;

        protected override void Run(ProbeOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
        {
            inputs[0].Backend.Copy(inputs[0].Storage, outputs[0].Storage, inputs[0].Spec.ByteLength);
            Reached?.Invoke();
        }
    }
}
