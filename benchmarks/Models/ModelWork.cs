using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>A network on an input as parameter of a benchmark.</summary>
/// <param name="Model">Name in the zoo.</param>
/// <param name="Size">Side of the picture.</param>
/// <param name="Batch">Pictures at once.</param>
public sealed record ModelWork(string Model, int Size, int Batch) : IBenchmarkWork
{
    /// <summary>Spec of the input.</summary>
    public TensorSpec Input => new([Batch, 3, Size, Size], DType.F32);

    /// <summary>Operations of its convolutions and linear layers, as direct ones.</summary>
    public double Flops
    {
        get
        {
            using var model = ModelZoo.Find(Model).Create();
            model.MaterializeEmpty(Device.Meta);
            model.Eval();
            using var workspace = new GraphWorkspace(Device.Meta);
            return GraphRecorder.Trace(model, Input, workspace).Nodes.Where(node => node.Op is Conv2dOp or LinearOp or MatMulOp).Sum(node => (double)node.Cost.Flops);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Model} {Size} b{Batch}";
}
