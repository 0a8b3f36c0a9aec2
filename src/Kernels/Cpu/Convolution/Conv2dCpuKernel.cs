using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Convolution of F32 images: as matrix product with columns gathered on the fly, directly where groups are narrow, as fully connected layer
/// where the image is one pixel.</summary>
internal sealed unsafe class Conv2dCpuKernel : Kernel<Conv2dOp>
{
    protected override bool Supports(Conv2dOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(Conv2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var bias = inputs.Length == 3 ? inputs[2] : null;
        if (Avx512F.IsSupported)
            Run<Lanes512>(op.Geometry, inputs[0], inputs[1], bias, outputs[0]);
        else if (Avx2.IsSupported)
            Run<Lanes256>(op.Geometry, inputs[0], inputs[1], bias, outputs[0]);
        else
            Run<Lanes128>(op.Geometry, inputs[0], inputs[1], bias, outputs[0]);
    }

    private static void Run<TLanes>(ConvGeometry geometry, Tensor x, Tensor w, Tensor? bias, Tensor y)
        where TLanes : struct, ILanes<TLanes>
    {
        int groups = geometry.Groups, channels = w.Shape[1], rows = w.Shape[0] / groups;
        float* biases = bias is null ? null : bias.Floats;
        if (x.Shape.Product(2, 4) == 1 && w.Shape.Product(2, 4) == 1 && y.Shape.Product(2, 4) == 1 && geometry is { PadTop: 0, PadLeft: 0 })
        {
            LinearCpuKernel.Run(x.Floats, x.Shape[0], channels, w.Floats, biases, y.Floats, rows, groups);
            return;
        }

        var taps = ImageTaps.Forward(geometry, x.Shape, w.Shape[2], w.Shape[3], y.Shape[2], y.Shape[3]);
        int terms = channels * taps.Count;
        if (NarrowConvolution.Fits(rows))
        {
            nint group = (nint)NarrowConvolution.PackedRows(rows) * terms;
            using var narrow = new PooledFloats(y, groups * group);
            for (int g = 0; g < groups; g++)
                NarrowConvolution.PackLeft(w.Floats + (nint)g * rows * terms, terms, new TermLayout(1), rows, terms, narrow.Pointer + g * group);
            NarrowConvolution.Run<TLanes>(Product(narrow.Pointer));
            return;
        }

        bool late = ConvolutionProduct.PacksLate<TLanes>(groups, x.Shape[0], taps, rows);
        if (PackedWeight.Get<TLanes>(w, groups, rows, terms, onlyIfReused: late) is not { } packed)
        {
            Product(w.Floats, new(terms, new TermLayout(1), taps.Count)).Run<TLanes>();
            return;
        }

        Product(packed.Pointer).Run<TLanes>();
        GC.KeepAlive(packed);

        ConvolutionProduct Product(float* left, ConvolutionProduct.WeightRows? unpacked = null) => new()
        {
            Taps = taps, Images = x.Shape[0], Groups = groups, Channels = channels, Rows = rows,
            Source = x.Floats, Left = left, Unpacked = unpacked, Bias = biases, Target = y.Floats,
            TargetPlane = taps.Area, TargetRowStep = taps.GridWidth, TargetColumnStep = 1,
        };
    }
}
