using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Convolution and its gradients as implicit products.</summary>
internal sealed class ConvolutionLauncher(GpuQueue queue)
{
    private static readonly GatheredProduct<PatchesByPixel, PixelOutput> OnTensorCores = new(new("conv"));

    private static readonly Gemm<DepthMajorMatrix, int, int, PatchesByPixel, Window, Tap, PixelOutput> ForwardProduct = new("conv.forward", OnTensorCores);
    private static readonly Gemm<DepthMajorMatrix, int, int, PatchesByPixel, Window, Tap, FusedPixelOutput> FusedProduct =
        new("conv.fused", new GatheredProduct<PatchesByPixel, FusedPixelOutput>(new("conv.fused")));
    private static readonly Gemm<WeightsByTap, int, int, PatchesByPixel, Window, Tap, PixelOutput> InputGradProduct = new("conv.input-grad", OnTensorCores);
    private static readonly Gemm<PixelsByChannel, int, int, PatchesByTap, Tap, Window, MatrixOutput> WeightGradProduct =
        new("conv.weight-grad", new GatheredProduct<PatchesByTap, MatrixOutput>(new("conv.weight-grad")));

    /// <summary>The kernels of <see cref="Forward"/>.</summary>
    public static IEnumerable<GpuKernel> ForwardKernels => [.. ForwardProduct.Kernels, SplitSum.Kernel];

    /// <summary>The kernels of <see cref="Fused"/>.</summary>
    public static IEnumerable<GpuKernel> FusedKernels =>
        [.. FusedProduct.Kernels, .. ForwardProduct.Kernels, FusedTail.Kernel, FusedTail.WithSums, PoolParts.Kernel,
            RadixSumGlobalAvgPoolIlgpuKernel.ByGroup, RadixSumGlobalAvgPoolIlgpuKernel.ByWarp];

    /// <summary>The kernels of <see cref="InputGrad"/>.</summary>
    public static IEnumerable<GpuKernel> InputGradKernels => [.. InputGradProduct.Kernels, SplitSum.Kernel];

    /// <summary>The kernels of <see cref="WeightGrad"/>.</summary>
    public static IEnumerable<GpuKernel> WeightGradKernels => [.. WeightGradProduct.Kernels, SplitSum.Kernel];

    /// <summary>y[n,k] = Σ x · w (+ bias): rows are the output channels of a group, columns the pixels of the batch, depth the taps.</summary>
    public void Forward(ConvGeometry g, Tensor x, Tensor w, Tensor? bias, Tensor y)
    {
        var (plan, a, b, pixels) = Plan(g, x.Floats, x.Shape, w, y.Shape);
        int outputs = plan.Rows, plane = y.Shape.Product(2, 4);
        var biases = bias?.Floats ?? y.Floats;
        queue.WithSplits(plan, y.Floats, biases, bias is not null, plane, w.Shape[0], (to, splitStride, biased) => ForwardProduct.Launch(
            queue, plan, a, b, new PixelOutput(to, pixels, y.Shape[3], plane, outputs, w.Shape[0] * plane, splitStride, biases, biased)));
    }

    /// <summary>y = act(conv(x, w) + bias [+ residual]), and where it is wanted the mean over the plane of the sum of y's splits.</summary>
    /// <remarks>What follows the sums happens while they are stored, or, where they are cut and for SiLU, in one launch after them; the sums over the plane
    /// are taken there too, in parts, so that y is not read again. Narrow groups, computed without tiles, and small planes take a launch that reads y.</remarks>
    public void Fused(ConvGeometry g, ArrayView<float> x, Shape shape, Tensor w, Tensor bias, Tensor? residual, ConvEpilogue epilogue, Tensor y, Tensor? mean)
    {
        var layout = new MapLayout(y.Shape, 1);
        bool summed = false;
        if (mean is null || !PoolParts.Suit(queue, layout))
            Store(g, x, shape, w, bias, residual, epilogue.Activation, y, NoSums(y));
        else
        {
            using var parts = new Workspace(queue, PoolParts.Length(layout));
            summed = Store(g, x, shape, w, bias, residual, epilogue.Activation, y, new RowSums(parts.Floats, true, layout, g.Groups));
            if (summed)
                queue.Launch(PoolParts.Kernel, PoolParts.Config(queue, mean.Floats.Length), parts.Floats, mean.Floats, new PoolPartsShape(layout, epilogue.PoolRadix));
        }

        if (mean is not null && !summed)
            RadixSumGlobalAvgPoolIlgpuKernel.Launch(queue, y, epilogue.PoolRadix, mean);
    }

    /// <summary>The convolution with what happens to its output; whether the sums that are wanted were stored.</summary>
    private bool Store(ConvGeometry g, ArrayView<float> x, Shape shape, Tensor w, Tensor bias, Tensor? residual, ActivationKind activation, Tensor y, RowSums sums)
    {
        var (plan, a, b, pixels) = Plan(g, x, shape, w, y.Shape);
        int outputs = plan.Rows, channels = w.Shape[0], plane = y.Shape.Product(2, 4), splits = plan.Depth.Splits;
        var (to, biases) = (y.Floats, bias.Floats);
        var tail = new StoreTail(residual?.Floats ?? to, residual is not null, activation);
        bool silu = activation == ActivationKind.Silu, wanted = sums.ImagesPerPart > 0;
        if (splits == 1)
        {
            var output = new PixelOutput(to, pixels, y.Shape[3], plane, outputs, channels * plane, 0, biases, true);
            // Of what SiLU gives the sums can only be taken behind it.
            bool tiled = FusedProduct.Launch(queue, plan, a, b, new FusedPixelOutput(output, tail, silu ? NoSums(y) : sums));
            if (!silu)
                return wanted && tiled;
            FusedTail.Launch(queue, to, to, new StoreTail(to, false, ActivationKind.None), true, new SplitSumShape(to.IntLength, 1, false, plane, channels), biases, sums);
            return wanted;
        }

        using var parts = new Workspace(queue, to.Length * splits);
        ForwardProduct.Launch(queue, plan, a, b, new PixelOutput(parts.Floats, pixels, y.Shape[3], plane, outputs, channels * plane, to.IntLength, biases, false));
        FusedTail.Launch(queue, parts.Floats, to, tail, silu, new SplitSumShape(to.IntLength, splits, true, plane, channels), biases, sums);
        return wanted;
    }

    private static RowSums NoSums(Tensor y) => new(y.Floats, false, new MapLayout(y.Shape, 1), 1);

    /// <summary>dx[n,c] = Σ dy · w, phase by phase of the stride: rows are the input channels of a group, columns the pixels of the phase.</summary>
    public void InputGrad(ConvGeometry g, Tensor dy, Tensor w, Tensor dx)
    {
        int channels = w.Shape[1], outputs = w.Shape[0] / g.Groups, plane = dx.Shape.Product(2, 4);
        for (int phaseY = 0; phaseY < Math.Min(g.StrideH, dx.Shape[2]); phaseY++)
        {
            for (int phaseX = 0; phaseX < Math.Min(g.StrideW, dx.Shape[3]); phaseX++)
            {
                var key = new InputGradTaps(g, phaseY, phaseX, outputs, w.Shape.Product(1, 4), w.Shape[2], w.Shape[3], dy.Shape[2], dy.Shape[3]);
                var taps = queue.Tables.Get(key, InputGradTaps.Make);
                int depth = key.Count;
                int height = (dx.Shape[2] - phaseY + g.StrideH - 1) / g.StrideH, width = (dx.Shape[3] - phaseX + g.StrideW - 1) / g.StrideW;
                var windows = new PixelGrid(dx.Shape[0], height, width, 1, 1, 0, 0);
                var pixels = new PixelGrid(dx.Shape[0], height, width, g.StrideH, g.StrideW, phaseY, phaseX);
                var a = new WeightsByTap(w.Floats, taps, channels, outputs * w.Shape.Product(1, 4), w.Shape.Product(2, 4));
                var b = new PatchesByPixel(Gather(dy.Floats, dy.Shape, taps, queue.Tables.Get(key, InputGradTaps.MakeEntries), windows, outputs, key.Positions));
                // Parts would have to be added into every other pixel: the phases of a strided layer are not cut.
                bool whole = g.StrideH > 1 || g.StrideW > 1;
                var plan = new GemmPlan(queue, channels, pixels.Count, depth, g.Groups, whole, key.Positions.FitTensorCores);
                queue.WithSplits(plan, dx.Floats, dx.Floats, false, 1, 1, (to, splitStride, _) => InputGradProduct.Launch(
                    queue, plan, a, b, new PixelOutput(to, pixels, dx.Shape[3], plane, channels, dx.Shape[1] * plane, splitStride, to, false)));
            }
        }
    }

    /// <summary>dw[k,c,r,s] = Σ dy · x over all pixels: rows are the output channels of a group, columns the taps.</summary>
    public void WeightGrad(ConvGeometry g, Tensor x, Tensor dy, Tensor dw)
    {
        int channels = dw.Shape[1], outputs = dw.Shape[0] / g.Groups, plane = dy.Shape.Product(2, 4);
        var key = new ForwardTaps(g, channels, dw.Shape[2], dw.Shape[3], x.Shape[2], x.Shape[3]);
        int columns = dw.Shape.Product(1, 4);
        var windows = new PixelGrid(dy.Shape[0], dy.Shape[2], dy.Shape[3], g.StrideH, g.StrideW, -g.PadTop, -g.PadLeft);
        var a = new PixelsByChannel(dy.Floats, new FastDivisor(Math.Max(1, plane)), windows.Count, outputs, dy.Shape[1] * plane);
        var b = new PatchesByTap(Gather(x.Floats, x.Shape, key, windows), columns);
        var plan = new GemmPlan(queue, outputs, columns, windows.Count, g.Groups, fitsTensorCores: key.Positions.FitTensorCores);
        queue.WithSplits(plan, dw.Floats, dw.Floats, false, 1, 1, (to, splitStride, _) => WeightGradProduct.Launch(
            queue, plan, a, b, new MatrixOutput(to, outputs, columns, splitStride, to, false)));
    }

    private (GemmPlan Plan, DepthMajorMatrix A, PatchesByPixel B, PixelGrid Pixels) Plan(ConvGeometry g, ArrayView<float> x, Shape shape, Tensor w, Shape y)
    {
        int channels = w.Shape[1], outputs = w.Shape[0] / g.Groups;
        var key = new ForwardTaps(g, channels, w.Shape[2], w.Shape[3], shape[2], shape[3]);
        int depth = w.Shape.Product(1, 4);
        var windows = new PixelGrid(y[0], y[2], y[3], g.StrideH, g.StrideW, -g.PadTop, -g.PadLeft);
        var pixels = new PixelGrid(y[0], y[2], y[3], 1, 1, 0, 0);
        var a = new DepthMajorMatrix(w.Floats, outputs, depth, outputs * depth, depth);
        var plan = new GemmPlan(queue, outputs, pixels.Count, depth, g.Groups, fitsTensorCores: key.Positions.FitTensorCores);
        return (plan, a, new PatchesByPixel(Gather(x, shape, key, windows)), pixels);
    }

    private ImageGather Gather(ArrayView<float> image, Shape shape, ForwardTaps key, PixelGrid windows) => Gather(
        image, shape, queue.Tables.Get(key, ForwardTaps.Make), queue.Tables.Get(key, ForwardTaps.MakeEntries), windows, key.Channels, key.Positions);

    private static ImageGather Gather(
        ArrayView<float> image, Shape shape, ArrayView<Tap> taps, ArrayView<PatchEntry> entries, PixelGrid windows, int groupChannels, FilterPositions positions)
    {
        int plane = shape.Product(2, 4);
        return new ImageGather(image, taps, entries, windows, shape[2], shape[3], shape[1] * plane, groupChannels * plane, positions);
    }
}
