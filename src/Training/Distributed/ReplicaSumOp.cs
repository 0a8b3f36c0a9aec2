using System.Runtime.CompilerServices;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Training;

/// <summary>The sum of a tensor over all replicas; its gradient is the sum of the replicas' gradients.</summary>
/// <param name="Group">The replicas; all must come to this operator in the same order.</param>
public sealed record ReplicaSumOp(ReplicaGroup Group) : PrimitiveOp
{
    private static readonly ConditionalWeakTable<Backend, Kernel> Known = [];

    /// <summary>Makes every batch norm of a network take its statistics over the samples of all replicas.</summary>
    /// <param name="model">The network, with its memory.</param>
    /// <param name="group">The replicas.</param>
    public static void SynchronizeNorms(Module model, ReplicaGroup group)
    {
        var backend = model.NamedParameters().First().Parameter.Value.Backend;
        lock (Known)
        {
            if (!Known.TryGetValue(backend, out _))
            {
                var kernel = new HostKernel();
                backend.Kernels.Add(kernel);
                Known.Add(backend, kernel);
            }
        }

        var op = new ReplicaSumOp(group);
        foreach (var (_, module) in model.NamedModules())
        {
            if (module is BatchNorm2d norm)
                norm.SumOverReplicas = x => OpDispatcher.Run(op, x)[0];
        }
    }

    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, OpDispatcher.Run(this, context.GradOutput())[0]);

    /// <summary>Through the host's memory, so that it works on every device; what is summed is as small as a layer's statistics.</summary>
    private sealed class HostKernel : Kernel<ReplicaSumOp>
    {
        protected override bool Supports(ReplicaSumOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType is DType.F32 or DType.F64;

        protected override void Run(ReplicaSumOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
        {
            if (inputs[0].DType == DType.F64)
            {
                double[] values = inputs[0].ToArray<double>();
                op.Group.AllReduceSum(values);
                outputs[0].Assign<double>(values);
            }
            else
            {
                float[] values = inputs[0].ToArray<float>();
                op.Group.AllReduceSum(values);
                outputs[0].Assign<float>(values);
            }
        }
    }
}
