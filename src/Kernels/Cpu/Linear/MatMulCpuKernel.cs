using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Batched matrix product of F32 matrices.</summary>
internal sealed unsafe class MatMulCpuKernel : Kernel<MatMulOp>
{
    protected override bool Supports(MatMulOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(MatMulOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        if (Avx512F.IsSupported)
            Run<Lanes512>(op, inputs[0], inputs[1], outputs[0]);
        else if (Avx2.IsSupported)
            Run<Lanes256>(op, inputs[0], inputs[1], outputs[0]);
        else
            Run<Lanes128>(op, inputs[0], inputs[1], outputs[0]);
    }

    private static void Run<TLanes>(MatMulOp op, Tensor a, Tensor b, Tensor c)
        where TLanes : struct, ILanes<TLanes>
    {
        int rows = c.Shape[-2], columns = c.Shape[-1], terms = a.Shape[op.TransposeLeft ? -2 : -1];
        var product = new MatrixProduct
        {
            Rows = rows, Columns = columns, Terms = terms,
            LeftRowStride = op.TransposeLeft ? 1 : terms, LeftTermStride = op.TransposeLeft ? rows : 1,
            RightTermStride = op.TransposeRight ? 1 : columns, RightColumnStride = op.TransposeRight ? terms : 1,
            RowStride = columns, ColumnStride = 1,
        };
        float* left = a.Floats, right = b.Floats, target = c.Floats;
        int lefts = a.Shape.Product(0, a.Shape.Rank - 2), batches = c.Shape.Product(0, c.Shape.Rank - 2);
        var (aBatch, bBatch) = (new BatchStrides(a.Shape, c.Shape), new BatchStrides(b.Shape, c.Shape));
        int tiles = RowTiles.For<TLanes>(rows).Count, pieces = product.Pieces<TLanes>();
        nint packedLength = (nint)product.PackedLength<TLanes>();
        using var memory = new PooledFloats(c, lefts * packedLength);
        float* packed = memory.Pointer;
        if (packedLength > 0)
            ParallelRows.For(lefts * tiles, i => product.PackLeft<TLanes>(left + (nint)(i / tiles) * rows * terms, i % tiles, packed + i / tiles * packedLength));
        ParallelRows.For(batches * pieces, i =>
        {
            int batch = i / pieces, leftBatch = aBatch.Locate(batch);
            product.RunPiece<TLanes>(
                i % pieces, left + (nint)leftBatch * rows * terms, packed + leftBatch * packedLength, right + (nint)bBatch.Locate(batch) * terms * columns,
                null, target + (nint)batch * rows * columns);
        });
    }

    /// <summary>Which matrix of an operand belongs to a matrix of the result, with leading axes broadcast.</summary>
    private sealed class BatchStrides
    {
        private readonly int[] _extents;
        private readonly int[] _strides;

        public BatchStrides(Shape operand, Shape result)
        {
            int rank = result.Rank - 2, added = result.Rank - operand.Rank;
            _extents = result.Extents[..rank].ToArray();
            _strides = new int[rank];
            int stride = 1;
            for (int axis = operand.Rank - 3; axis >= 0; axis--)
            {
                _strides[axis + added] = operand[axis] == 1 ? 0 : stride;
                stride *= operand[axis];
            }
        }

        public int Locate(int batch)
        {
            int place = 0;
            for (int axis = _extents.Length - 1; axis >= 0; axis--)
            {
                place += batch % _extents[axis] * _strides[axis];
                batch /= _extents[axis];
            }

            return place;
        }
    }
}
