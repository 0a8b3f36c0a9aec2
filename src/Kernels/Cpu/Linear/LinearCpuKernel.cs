using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Fully connected layer of F32, computed as yᵀ = W · xᵀ so that the bias belongs to the rows.</summary>
internal sealed unsafe class LinearCpuKernel : Kernel<LinearOp>
{
    protected override bool Supports(LinearOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(LinearOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, w, y) = (inputs[0], inputs[1], outputs[0]);
        float* bias = inputs.Length == 3 ? inputs[2].Floats : null;
        int rows = y.Shape[-1], terms = w.Shape[1];
        Run(x.Floats, y.Spec.ElementCount / rows, terms, w.Floats, bias, y.Floats, rows, 1);
    }

    /// <summary>y[n, m] = bias[m] + Σ_k weight[m, k] · x[n, k] for one group of features.</summary>
    /// <param name="x">Features [images, stride].</param>
    /// <param name="images">Rows of x and y.</param>
    /// <param name="terms">Features of a group.</param>
    /// <param name="weight">[groups · rows, terms].</param>
    /// <param name="bias">[groups · rows], or null.</param>
    /// <param name="y">[images, groups · rows].</param>
    /// <param name="rows">Outputs of a group.</param>
    /// <param name="groups">Groups of features, each with its own weight.</param>
    public static void Run(float* x, int images, int terms, float* weight, float* bias, float* y, int rows, int groups)
    {
        if (Avx512F.IsSupported)
            Run<Lanes512>(x, images, terms, weight, bias, y, rows, groups);
        else if (Avx2.IsSupported)
            Run<Lanes256>(x, images, terms, weight, bias, y, rows, groups);
        else
            Run<Lanes128>(x, images, terms, weight, bias, y, rows, groups);
    }

    private static void Run<TLanes>(float* x, int images, int terms, float* weight, float* bias, float* y, int rows, int groups)
        where TLanes : struct, ILanes<TLanes>
    {
        var product = new MatrixProduct
        {
            Rows = rows, Columns = images, Terms = terms,
            LeftRowStride = terms, LeftTermStride = 1, RightTermStride = 1, RightColumnStride = groups * terms,
            RowStride = 1, ColumnStride = groups * rows, Unpacked = true,
        };
        int pieces = product.Pieces<TLanes>();
        ParallelRows.For(groups * pieces, i =>
        {
            int group = i / pieces;
            product.RunPiece<TLanes>(
                i % pieces, weight + (nint)group * rows * terms, null, x + group * terms, bias == null ? null : bias + group * rows, y + group * rows);
        });
    }
}
