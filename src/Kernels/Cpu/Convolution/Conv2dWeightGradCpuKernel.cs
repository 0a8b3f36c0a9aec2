using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradient of a convolution with respect to its weight: for wide groups by <see cref="WeightGradientProduct"/>, for narrow ones as rows of the
/// upstream gradient times rows of gathered columns, summed over pixels and images.</summary>
/// <remarks>There pixels lie side by side in both operands, so the lanes of a vector hold neighbouring pixels and are added up once per block of pixels. The blocks
/// and their order are fixed by the shape.</remarks>
internal sealed unsafe class Conv2dWeightGradCpuKernel : Kernel<Conv2dWeightGradOp>
{
    /// <summary>Pixels of a block: adding up lanes should not count, and the rows of a block must fit in the second-level cache.</summary>
    private const int Pixels = 1024;

    /// <summary>Output channels of a piece.</summary>
    private const int Rows = 96;

    /// <summary>Window elements, over all its channels, of a piece.</summary>
    private const int Terms = 72;

    /// <summary>Fewer pieces than this would leave threads idle; then the images are divided too.</summary>
    private const int FewestPieces = 8;

    protected override bool Supports(Conv2dWeightGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(Conv2dWeightGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, dy, dw) = (inputs[0], inputs[1], outputs[0]);
        if (dy.Spec.ElementCount == 0)
        {
            new Span<float>(dw.Floats, dw.Spec.ElementCount).Clear();
            return;
        }

        if (Avx512F.IsSupported)
            Run<Lanes512>(op, x, dy, dw);
        else if (Avx2.IsSupported)
            Run<Lanes256>(op, x, dy, dw);
        else
            Run<Lanes128>(op, x, dy, dw);
    }

    private static void Run<TLanes>(Conv2dWeightGradOp op, Tensor x, Tensor dy, Tensor dw)
        where TLanes : struct, ILanes<TLanes>
    {
        int channels = dw.Shape[1], kernels = dw.Shape[0] / op.Geometry.Groups;
        if (WeightGradientProduct.Fits(channels, kernels))
        {
            new WeightGradientProduct(op.Geometry, x, dy, dw).Run<TLanes>();
            return;
        }

        var job = new Job
        {
            Taps = ImageTaps.Forward(op.Geometry, x.Shape, op.KernelH, op.KernelW, dy.Shape[2], dy.Shape[3]),
            Images = x.Shape[0], Groups = op.Geometry.Groups, Channels = channels, Kernels = kernels,
            Source = x.Floats, Upstream = dy.Floats,
        };
        job.Run<TLanes>(dw);
    }

    private sealed class Job
    {
        private int _rowBlock, _rowBlocks, _channelBlock, _channelBlocks, _imageBlock, _pixelBlock, _pixelBlocks, _blocks, _slices;

        public required ImageTaps Taps { get; init; }

        public required int Images { get; init; }

        public required int Groups { get; init; }

        public required int Channels { get; init; }

        public required int Kernels { get; init; }

        public required float* Source { get; init; }

        public required float* Upstream { get; init; }

        public void Run<TLanes>(Tensor dw)
            where TLanes : struct, ILanes<TLanes>
        {
            int area = Taps.Area;
            (_rowBlock, _rowBlocks) = Divide(Kernels, Rows);
            (_channelBlock, _channelBlocks) = Divide(Channels, Math.Max(1, Terms / Taps.Count));
            (_imageBlock, int imageBlocks) = Divide(Images, Math.Max(1, Pixels / area));
            (_pixelBlock, _pixelBlocks) = Divide(area, Pixels);
            _blocks = imageBlocks * _pixelBlocks;
            int pieces = Groups * _rowBlocks * _channelBlocks;
            _slices = Math.Clamp((FewestPieces + pieces - 1) / pieces, 1, _blocks);

            int length = dw.Spec.ElementCount;
            float* target = dw.Floats;
            if (_slices == 1)
            {
                ParallelRows.For(pieces, piece => RunPiece<TLanes>(piece, 0, target));
                return;
            }

            using var memory = new PooledFloats(dw, (long)_slices * length);
            float* partial = memory.Pointer;
            ParallelRows.For(pieces * _slices, i => RunPiece<TLanes>(i / _slices, i % _slices, partial + (nint)(i % _slices) * length));
            for (int i = 0; i < length; i++)
            {
                float sum = partial[i];
                for (int slice = 1; slice < _slices; slice++)
                    sum += partial[(nint)slice * length + i];
                target[i] = sum;
            }
        }

        [SkipLocalsInit]
        private void RunPiece<TLanes>(int piece, int slice, float* target)
            where TLanes : struct, ILanes<TLanes>
        {
            int window = Taps.Count, terms = Channels * window;
            int group = piece / (_rowBlocks * _channelBlocks), firstRow = piece / _channelBlocks % _rowBlocks * _rowBlock, firstChannel = piece % _channelBlocks * _channelBlock;
            int rows = Math.Min(_rowBlock, Kernels - firstRow), width = Math.Min(_channelBlock, Channels - firstChannel) * window;
            nint plane = (nint)Taps.Height * Taps.Width, imageStride = Groups * Channels * plane;
            float* c = target + ((nint)group * Kernels + firstRow) * terms + firstChannel * window;
            int mostPixels = _imageBlock * _pixelBlock, mostPadded = Pad<TLanes>(mostPixels);
            float* left = ThreadScratch.Floats(ThreadScratch.Use.Rows, (long)rows * mostPadded);
            float* right = ThreadScratch.Floats(ThreadScratch.Use.Panels, (long)(width + 1) * mostPadded);
            Span<ImageColumns.Run> runs = stackalloc ImageColumns.Run[ImageColumns.MostRuns(mostPixels, mostPixels)];
            int fromBlock = (int)((long)slice * _blocks / _slices), toBlock = (int)((slice + 1L) * _blocks / _slices);
            for (int block = fromBlock; block < toBlock; block++)
            {
                int firstImage = block / _pixelBlocks * _imageBlock, images = Math.Min(_imageBlock, Images - firstImage);
                int from = block % _pixelBlocks * _pixelBlock, to = Math.Min(from + _pixelBlock, Taps.Area);
                int pixels = images * (to - from), padded = Pad<TLanes>(pixels);
                CopyUpstream(group * Kernels + firstRow, rows, firstImage, images, from, to, left, padded);
                var columns = new ImageColumns(
                    Taps, Source + firstImage * imageStride + (nint)group * Channels * plane, Source + Images * imageStride, imageStride,
                    images, from, to, padded, 0, runs);
                columns.Pack<TLanes>(firstChannel * window, width, right, 0);
                for (int k = 0; k < width; k++)
                    new Span<float>(right + (nint)k * padded + pixels, padded - pixels).Clear();
                for (int n = 0; n < width; n += DotTile<TLanes>.Columns)
                {
                    for (int m = 0; m < rows; m += DotTile<TLanes>.Rows)
                    {
                        DotTile<TLanes>.Multiply(
                            left + (nint)m * padded, padded, Math.Min(DotTile<TLanes>.Rows, rows - m),
                            right + (nint)n * padded, padded, Math.Min(DotTile<TLanes>.Columns, width - n),
                            padded, null, c + (nint)m * terms + n, terms, 1, block > fromBlock);
                    }
                }
            }
        }

        /// <summary>Rows of the upstream gradient, the images of the block one behind the other, then zeros up to whole vectors.</summary>
        private void CopyUpstream(int firstRow, int rows, int firstImage, int images, int from, int to, float* left, int padded)
        {
            for (int m = 0; m < rows; m++, left += padded)
            {
                float* target = left;
                for (int image = firstImage; image < firstImage + images; image++, target += to - from)
                {
                    float* source = Upstream + ((nint)image * Groups * Kernels + firstRow + m) * Taps.Area + from;
                    new Span<float>(source, to - from).CopyTo(new Span<float>(target, to - from));
                }

                new Span<float>(target, (int)(left + padded - target)).Clear();
            }
        }

        /// <summary>Equal blocks of at most <paramref name="most"/>, and how many.</summary>
        private static (int Size, int Count) Divide(int count, int most)
        {
            int blocks = Math.Max(1, (count + most - 1) / most), size = Math.Max(1, (count + blocks - 1) / blocks);
            return (size, Math.Max(1, (count + size - 1) / size));
        }

        private static int Pad<TLanes>(int count)
            where TLanes : struct, ILanes<TLanes> => (count + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
    }
}
