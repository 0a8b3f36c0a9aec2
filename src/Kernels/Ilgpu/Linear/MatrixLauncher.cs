using ILGPU;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Products of stored matrices, with every transposition and broadcast batches.</summary>
internal sealed class MatrixLauncher(GpuQueue queue)
{
    // Packed, factors have one form.
    private static readonly TensorGemm<PackedRows, int, MatrixOutput> TensorCores = new("matmul");
    private static readonly PackedProduct<RowMajorMatrix, int, int, MatrixOutput> OnTensorCores = new(TensorCores);
    private static readonly PackedProduct<DepthMajorMatrix, int, int, MatrixOutput> TransposedOnTensorCores = new(TensorCores);

    private static readonly Gemm<DepthMajorMatrix, int, int, RowMajorMatrix, int, int, MatrixOutput> Plain = new("matmul.nn", OnTensorCores);
    private static readonly Gemm<DepthMajorMatrix, int, int, DepthMajorMatrix, int, int, MatrixOutput> RightTransposed = new("matmul.nt", TransposedOnTensorCores);
    private static readonly Gemm<RowMajorMatrix, int, int, RowMajorMatrix, int, int, MatrixOutput> LeftTransposed = new("matmul.tn", OnTensorCores);
    private static readonly Gemm<RowMajorMatrix, int, int, DepthMajorMatrix, int, int, MatrixOutput> BothTransposed = new("matmul.tt", TransposedOnTensorCores);

    /// <summary>The kernels of <see cref="Multiply(Tensor, Tensor, Tensor, bool, bool)"/>.</summary>
    public static IEnumerable<GpuKernel> Kernels =>
        [.. Plain.Kernels, .. RightTransposed.Kernels, .. LeftTransposed.Kernels, .. BothTransposed.Kernels, SplitSum.Kernel];

    /// <summary>The kernels of <see cref="Linear"/>.</summary>
    public static IEnumerable<GpuKernel> LinearKernels => [.. RightTransposed.Kernels, SplitSum.Kernel];

    /// <summary>y = a · b for batches of matrices.</summary>
    public void Multiply(Tensor a, Tensor b, Tensor y, bool transposeLeft, bool transposeRight)
    {
        int rows = y.Shape[-2], columns = y.Shape[-1], depth = a.Shape[transposeLeft ? -2 : -1];
        var batch = Shape.Create(y.Shape.Extents[..^2]);
        int[][] strides = [BatchStrides(a.Shape, batch.Rank), BatchStrides(b.Shape, batch.Rank)];
        var extents = AxisMerge.Merge(batch.Extents, strides);
        // One launch takes matrices that lie at even distances; of further batch axes each position is a launch.
        int inner = extents.Length == 0 ? 1 : extents[^1];
        int aStep = extents.Length == 0 ? 0 : strides[0][^1], bStep = extents.Length == 0 ? 0 : strides[1][^1];
        int launches = batch.ElementCount / Math.Max(inner, 1);
        for (int launch = 0; launch < launches; launch++)
        {
            int aOffset = 0, bOffset = 0, rest = launch;
            for (int axis = extents.Length - 2; axis >= 0; axis--)
            {
                aOffset += rest % extents[axis] * strides[0][axis];
                bOffset += rest % extents[axis] * strides[1][axis];
                rest /= extents[axis];
            }

            Multiply(
                From(a.Floats, aOffset), aStep, transposeLeft, From(b.Floats, bOffset), bStep, transposeRight,
                y.Floats.SubView(launch * inner * rows * columns, inner * rows * columns), rows, columns, depth, inner, y.Floats, false);
        }
    }

    /// <summary>y = x · wᵀ + bias for rows x and weights [out, in].</summary>
    public void Linear(Tensor x, Tensor weight, Tensor bias, Tensor y)
    {
        int outputs = weight.Shape[0], depth = weight.Shape[1], rows = y.Spec.ElementCount / outputs;
        Multiply(x.Floats, 0, false, weight.Floats, 0, true, y.Floats, rows, outputs, depth, 1, bias.Floats, true);
    }

    private void Multiply(
        ArrayView<float> a, int aStep, bool transposeLeft, ArrayView<float> b, int bStep, bool transposeRight,
        ArrayView<float> y, int rows, int columns, int depth, int batch, ArrayView<float> bias, bool biased)
    {
        var plan = new GemmPlan(queue, rows, columns, depth, batch);
        queue.WithSplits(plan, y, bias, biased, 1, columns, (to, splitStride, addBias) =>
        {
            var c = new MatrixOutput(to, rows, columns, splitStride, bias, addBias);
            switch (transposeLeft, transposeRight)
            {
                case (false, false):
                    Plain.Launch(queue, plan, new DepthMajorMatrix(a, rows, depth, aStep, depth), new RowMajorMatrix(b, columns, depth, bStep, columns), c);
                    break;
                case (false, true):
                    RightTransposed.Launch(queue, plan, new DepthMajorMatrix(a, rows, depth, aStep, depth), new DepthMajorMatrix(b, columns, depth, bStep, depth), c);
                    break;
                case (true, false):
                    LeftTransposed.Launch(queue, plan, new RowMajorMatrix(a, rows, depth, aStep, rows), new RowMajorMatrix(b, columns, depth, bStep, columns), c);
                    break;
                default:
                    BothTransposed.Launch(queue, plan, new RowMajorMatrix(a, rows, depth, aStep, rows), new DepthMajorMatrix(b, columns, depth, bStep, depth), c);
                    break;
            }
        });
    }

    private static ArrayView<float> From(ArrayView<float> view, int offset) => offset == 0 ? view : view.SubView(offset, view.Length - offset);

    private static int[] BatchStrides(Shape shape, int rank)
    {
        var strides = new int[rank];
        int stride = shape[-1] * shape[-2];
        for (int axis = shape.Rank - 3; axis >= 0; axis--)
        {
            strides[rank - (shape.Rank - 2) + axis] = shape[axis] == 1 ? 0 : stride;
            stride *= shape[axis];
        }

        return strides;
    }
}
