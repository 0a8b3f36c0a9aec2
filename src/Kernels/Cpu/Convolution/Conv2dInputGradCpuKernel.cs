using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradient of a convolution with respect to its image: for each remainder of rows and columns by the strides a convolution of the upstream
/// gradient, with those window elements that meet such pixels. So no product is with an inserted zero.</summary>
internal sealed unsafe class Conv2dInputGradCpuKernel : Kernel<Conv2dInputGradOp>
{
    protected override bool Supports(Conv2dInputGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(Conv2dInputGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        if (Avx512F.IsSupported)
            Run<Lanes512>(op.Geometry, inputs[0], inputs[1], outputs[0]);
        else if (Avx2.IsSupported)
            Run<Lanes256>(op.Geometry, inputs[0], inputs[1], outputs[0]);
        else
            Run<Lanes128>(op.Geometry, inputs[0], inputs[1], outputs[0]);
    }

    private static void Run<TLanes>(ConvGeometry geometry, Tensor dy, Tensor w, Tensor dx)
        where TLanes : struct, ILanes<TLanes>
    {
        if (dx.Shape.Product(2, 4) == 1 && dy.Shape.Product(2, 4) == 1 && w.Shape.Product(2, 4) == 1 && geometry is { PadTop: 0, PadLeft: 0 })
        {
            RunPixel<TLanes>(geometry.Groups, dy, w, dx);
            return;
        }

        for (int row = 0; row < Math.Min(geometry.StrideH, dx.Shape[2]); row++)
        {
            for (int column = 0; column < Math.Min(geometry.StrideW, dx.Shape[3]); column++)
            {
                var taps = ImageTaps.Backward(geometry, dx.Shape, dy.Shape, w.Shape[2], w.Shape[3], row, column, out int[] window);
                if (taps is null)
                    Clear(geometry, dx, row, column);
                else
                    RunRemainder<TLanes>(geometry, dy, w, dx, row, column, taps, window);
            }
        }
    }

    private static void RunRemainder<TLanes>(ConvGeometry geometry, Tensor dy, Tensor w, Tensor dx, int row, int column, ImageTaps taps, int[] window)
        where TLanes : struct, ILanes<TLanes>
    {
        int groups = geometry.Groups, channels = w.Shape[0] / groups, rows = w.Shape[1], area = w.Shape.Product(2, 4), terms = channels * taps.Count;
        var layout = new TermLayout((nint)rows * area, window);
        nint weightGroup = (nint)channels * rows * area;
        float* weight = w.Floats;
        if (NarrowConvolution.Fits(rows))
        {
            nint group = (nint)NarrowConvolution.PackedRows(rows) * terms;
            using var narrow = new PooledFloats(dx, groups * group);
            for (int g = 0; g < groups; g++)
                NarrowConvolution.PackLeft(weight + g * weightGroup, area, layout, rows, terms, narrow.Pointer + g * group);
            NarrowConvolution.Run<TLanes>(Product(narrow.Pointer));
            return;
        }

        if (layout.IsContiguous && ConvolutionProduct.PacksLate<TLanes>(groups, dx.Shape[0], taps, rows))
        {
            Product(weight, new(area, layout, area)).Run<TLanes>();
            return;
        }

        var tiles = RowTiles.For<TLanes>(rows);
        nint packedGroup = (nint)tiles.Padded * terms;
        using var memory = new PooledFloats(dx, groups * packedGroup);
        float* packed = memory.Pointer;
        ParallelRows.For(groups * tiles.Count, chunk =>
        {
            int g = chunk / tiles.Count;
            LeftPacking.PackTile(tiles, chunk % tiles.Count, weight + g * weightGroup, area, layout, terms, packed + g * packedGroup);
        });
        Product(packed).Run<TLanes>();

        ConvolutionProduct Product(float* left, ConvolutionProduct.WeightRows? unpacked = null) => new()
        {
            Taps = taps, Images = dx.Shape[0], Groups = groups, Channels = channels, Rows = rows,
            Source = dy.Floats, Left = left, Unpacked = unpacked, Target = dx.Floats + (nint)row * dx.Shape[3] + column,
            TargetPlane = dx.Shape.Product(2, 4), TargetRowStep = geometry.StrideH * dx.Shape[3], TargetColumnStep = geometry.StrideW,
        };
    }

    /// <summary>Images of one pixel: the weight is a matrix, and lies as the right operand should.</summary>
    private static void RunPixel<TLanes>(int groups, Tensor dy, Tensor w, Tensor dx)
        where TLanes : struct, ILanes<TLanes>
    {
        int kernels = w.Shape[0] / groups, channels = w.Shape[1];
        var product = new MatrixProduct
        {
            Rows = dx.Shape[0], Columns = channels, Terms = kernels,
            LeftRowStride = groups * kernels, LeftTermStride = 1, RightTermStride = channels, RightColumnStride = 1,
            RowStride = groups * channels, ColumnStride = 1,
        };
        int tiles = RowTiles.For<TLanes>(dx.Shape[0]).Count, pieces = product.Pieces<TLanes>();
        nint packedGroup = (nint)product.PackedLength<TLanes>();
        using var memory = new PooledFloats(dx, groups * packedGroup);
        float* packed = memory.Pointer, left = dy.Floats, right = w.Floats, target = dx.Floats;
        ParallelRows.For(groups * tiles, i => product.PackLeft<TLanes>(left + i / tiles * kernels, i % tiles, packed + i / tiles * packedGroup));
        ParallelRows.For(groups * pieces, i =>
        {
            int g = i / pieces;
            product.RunPiece<TLanes>(
                i % pieces, left + g * kernels, packed + g * packedGroup, right + (nint)g * kernels * channels, null, target + g * channels);
        });
    }

    private static void Clear(ConvGeometry geometry, Tensor dx, int row, int column)
    {
        int height = dx.Shape[2], width = dx.Shape[3];
        float* planes = dx.Floats;
        ParallelRows.For(dx.Shape.Product(0, 2), plane =>
        {
            for (int y = row; y < height; y += geometry.StrideH)
            {
                float* target = planes + ((nint)plane * height + y) * width;
                for (int x = column; x < width; x += geometry.StrideW)
                    target[x] = 0;
            }
        });
    }
}
