using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The kernels of compiled sessions on tensor cores in one number format.</summary>
/// <remarks>All but the products and the means: one thread a piece of 16 bytes, striding over the grid; neighbours take neighbouring pieces of a pixel. Bound by memory.</remarks>
internal static class MapKernels<TFormat>
    where TFormat : struct, ITensorFormat
{
    /// <summary>Channels of a piece.</summary>
    public static readonly int PerPiece = 4 * TFormat.PerWord;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ConvSource, ConvFilter, ConvTarget, GemmDepth>> Tile64 =
        GpuKernel.Define<ConvSource, ConvFilter, ConvTarget, GemmDepth>($"map.conv.{TFormat.Name}.tile64", TensorTile64.Threads, TensorConvKernel.Run<TensorHardware, TFormat, TensorTile64>, TensorConvKernel.Run<TensorTwin, TFormat, TensorTile64>);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ConvSource, ConvFilter, ConvTarget, GemmDepth>> Tile128 =
        GpuKernel.Define<ConvSource, ConvFilter, ConvTarget, GemmDepth>($"map.conv.{TFormat.Name}.tile128", TensorTile128.Threads, TensorConvKernel.Run<TensorHardware, TFormat, TensorTile128>, TensorConvKernel.Run<TensorTwin, TFormat, TensorTile128>);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ConvTarget, ArrayView<float>, int>> Finish =
        GpuKernel.Define<ConvTarget, ArrayView<float>, int>($"map.conv.{TFormat.Name}.finish", GpuQueue.MaxGroup, FinishBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<Word4>, MapShape>> FromDense =
        GpuKernel.Define<ArrayView<float>, ArrayView<Word4>, MapShape>($"map.{TFormat.Name}.from-dense", GpuQueue.MaxGroup, FromDenseBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<uint>, ArrayView<float>, MapShape>> ToDense =
        GpuKernel.Define<ArrayView<uint>, ArrayView<float>, MapShape>($"map.{TFormat.Name}.to-dense", GpuQueue.MaxGroup, ToDenseBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<Word4>, ArrayView<float>, ArrayView<Word4>, PoolShape, AverageRule, MapSplits>> Pool =
        GpuKernel.Define<ArrayView<Word4>, ArrayView<float>, ArrayView<Word4>, PoolShape, AverageRule, MapSplits>($"map.{TFormat.Name}.attention-pool", GpuQueue.MaxGroup, PoolBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<Word4>, ArrayView<Word4>, PoolShape, MapSplits>> MaxPool =
        GpuKernel.Define<ArrayView<Word4>, ArrayView<Word4>, PoolShape, MapSplits>($"map.{TFormat.Name}.max-pool", GpuQueue.MaxGroup, MaxPoolBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<uint>, ArrayView<float>, PoolPartsShape>> Mean =
        GpuKernel.Define<ArrayView<uint>, ArrayView<float>, PoolPartsShape>($"map.{TFormat.Name}.radix-sum-pool", GpuQueue.MaxGroup, MeanBody);

    /// <summary>All of them.</summary>
    public static IEnumerable<GpuKernel> All => [Tile64, Tile128, Finish, FromDense, ToDense, Pool, MaxPool, Mean, PoolParts.Kernel];

    /// <summary>Adds the parts of a product whose sums were cut, in ascending order, and does what its epilogue would have done.</summary>
    public static void FinishBody(ConvTarget target, ArrayView<float> parts, int splits)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = target.Pixels * target.Channels;
        for (int i = 2 * Grid.GlobalIndex.X; i < count; i += 2 * stride)
        {
            float first = 0, second = 0;
            for (int split = 0; split < splits; split++)
            {
                first += parts[split * count + i];
                second += parts[split * count + i + 1];
            }

            int channel = i % target.Channels;
            target.Put<TFormat>(i, target.Bias(channel), target.Bias(channel + 1), ref first, ref second);
        }
    }

    /// <summary>Neighbours take neighbouring pixels, as they lie in the dense map.</summary>
    public static void FromDenseBody(ArrayView<float> x, ArrayView<Word4> y, MapShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength, plane = shape.Plane.Divisor;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.Plane.Divide(i);
            int n = shape.Pieces.Divide(line);
            int pixel = i - line * plane, piece = line - n * shape.Pieces.Divisor;
            int channel = piece * 4 * TFormat.PerWord, first = (n * shape.Channels + channel) * plane + pixel;
            var low = Four(x, first, plane, shape.Channels - channel);
            var high = default(Float4);
            if (TFormat.PerWord > 1)
                high = Four(x, first + 4 * plane, plane, shape.Channels - channel - 4);
            y[(n * plane + pixel) * shape.Pieces.Divisor + piece] = Piece16.Pack<TFormat>(low, high);
        }
    }

    /// <summary>One thread an element; neighbours write neighbouring pixels.</summary>
    public static void ToDenseBody(ArrayView<uint> x, ArrayView<float> y, MapShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength, plane = shape.Plane.Divisor;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.Plane.Divide(i);
            int n = line / shape.Channels;
            y[i] = At(x, (n * plane + i - line * plane) * shape.Pieces.Divisor * 4 * TFormat.PerWord + line - n * shape.Channels);
        }
    }

    /// <summary>y = average pool of the attention-weighted sum of the splits. The weight is one for a whole plane: each split is pooled first and weighted once.</summary>
    public static void PoolBody(ArrayView<Word4> x, ArrayView<float> attention, ArrayView<Word4> y, PoolShape shape, AverageRule rule, MapSplits splits)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength, pieces = splits.Pieces.Divisor;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int pixel = splits.Pieces.Divide(i);
            int line = shape.OutputWidth.Divide(pixel);
            int n = shape.OutputHeight.Divide(line);
            int piece = i - pixel * pieces;
            int top = (line - n * shape.OutputHeight.Divisor) * shape.StrideH - shape.PadTop;
            int left = (pixel - line * shape.OutputWidth.Divisor) * shape.StrideW - shape.PadLeft;
            int bottom = IntrinsicMath.Min(top + shape.KernelH, shape.Height);
            int right = IntrinsicMath.Min(left + shape.KernelW, shape.Width);
            var low = default(Float4);
            var high = default(Float4);
            for (int split = 0; split < splits.Radix; split++)
            {
                var lowPooled = default(Float4);
                var highPooled = default(Float4);
                for (int row = IntrinsicMath.Max(top, 0); row < bottom; row++)
                {
                    for (int column = IntrinsicMath.Max(left, 0); column < right; column++)
                    {
                        var words = x[(((n * shape.Height + row) * shape.Width + column) * splits.Radix + split) * pieces + piece];
                        lowPooled.MultiplyAdd(1, Piece16.Low<TFormat>(words));
                        highPooled.MultiplyAdd(1, Piece16.High<TFormat>(words));
                    }
                }

                if (splits.Weighted != 0)
                {
                    int channel = ((n * splits.Radix + split) * pieces + piece) * 4 * TFormat.PerWord;
                    low.X += attention[channel] * lowPooled.X;
                    low.Y += attention[channel + 1] * lowPooled.Y;
                    low.Z += attention[channel + 2] * lowPooled.Z;
                    low.W += attention[channel + 3] * lowPooled.W;
                    if (TFormat.PerWord > 1)
                    {
                        high.X += attention[channel + 4] * highPooled.X;
                        high.Y += attention[channel + 5] * highPooled.Y;
                        high.Z += attention[channel + 6] * highPooled.Z;
                        high.W += attention[channel + 7] * highPooled.W;
                    }
                }
                else
                {
                    low.MultiplyAdd(1, lowPooled);
                    high.MultiplyAdd(1, highPooled);
                }
            }

            float divisor = rule.Divisor(shape, top, left);
            y[i] = Piece16.Pack<TFormat>(Divided(low, divisor), Divided(high, divisor));
        }
    }

    /// <summary>Largest of each window; NaN is larger than all.</summary>
    public static void MaxPoolBody(ArrayView<Word4> x, ArrayView<Word4> y, PoolShape shape, MapSplits splits)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength, pieces = splits.Pieces.Divisor;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int pixel = splits.Pieces.Divide(i);
            int line = shape.OutputWidth.Divide(pixel);
            int n = shape.OutputHeight.Divide(line);
            int top = (line - n * shape.OutputHeight.Divisor) * shape.StrideH - shape.PadTop;
            int left = (pixel - line * shape.OutputWidth.Divisor) * shape.StrideW - shape.PadLeft;
            var low = Lowest();
            var high = Lowest();
            for (int r = 0; r < shape.KernelH; r++)
            {
                int row = top + r * shape.DilationH;
                for (int s = 0; s < shape.KernelW; s++)
                {
                    int column = left + s * shape.DilationW;
                    if ((uint)row >= (uint)shape.Height || (uint)column >= (uint)shape.Width)
                        continue;
                    var words = x[((n * shape.Height + row) * shape.Width + column) * pieces + i - pixel * pieces];
                    low = Larger(low, Piece16.Low<TFormat>(words));
                    if (TFormat.PerWord > 1)
                        high = Larger(high, Piece16.High<TFormat>(words));
                }
            }

            y[i] = Piece16.Pack<TFormat>(low, high);
        }
    }

    /// <summary>s[n,c] = mean over the plane of the sum over the splits; one group for 32 neighbouring results, whose further threads share the pixels.</summary>
    public static void MeanBody(ArrayView<uint> x, ArrayView<float> y, PoolPartsShape shape)
    {
        int count = y.IntLength, plane = shape.Plane.Divisor, outputs = shape.Outputs.Divisor, rows = Group.DimX / PoolParts.Columns;
        for (int begin = Grid.IdxX * PoolParts.Columns; begin < count; begin += Grid.DimX * PoolParts.Columns)
        {
            int i = begin + Group.IdxX % PoolParts.Columns;
            float sum = 0;
            if (i < count)
            {
                int n = shape.Outputs.Divide(i);
                int first = n * plane * shape.Channels + i - n * outputs;
                for (int split = 0; split < shape.Radix; split++)
                {
                    for (int pixel = Group.IdxX / PoolParts.Columns; pixel < plane; pixel += rows)
                        sum += At(x, first + split * outputs + pixel * shape.Channels);
                }
            }

            sum = PoolParts.AddRows(sum);
            if (Group.IdxX < PoolParts.Columns && i < count)
                y[i] = sum / plane;
        }
    }

    private static float At(ArrayView<uint> map, int element)
    {
        uint word = map[element / TFormat.PerWord];
        return TFormat.PerWord > 1 && element % 2 != 0 ? TFormat.Second(word) : TFormat.First(word);
    }

    private static Float4 Four(ArrayView<float> x, int first, int plane, int channels)
    {
        var four = default(Float4);
        if (channels > 0)
            four.X = x[first];
        if (channels > 1)
            four.Y = x[first + plane];
        if (channels > 2)
            four.Z = x[first + 2 * plane];
        if (channels > 3)
            four.W = x[first + 3 * plane];
        return four;
    }

    private static Float4 Divided(Float4 values, float divisor)
    {
        values.X /= divisor;
        values.Y /= divisor;
        values.Z /= divisor;
        values.W /= divisor;
        return values;
    }

    private static Float4 Lowest()
    {
        var lowest = default(Float4);
        lowest.X = lowest.Y = lowest.Z = lowest.W = float.NegativeInfinity;
        return lowest;
    }

    private static Float4 Larger(Float4 best, Float4 values)
    {
        best.X = Larger(best.X, values.X);
        best.Y = Larger(best.Y, values.Y);
        best.Z = Larger(best.Z, values.Z);
        best.W = Larger(best.W, values.W);
        return best;
    }

    private static float Larger(float best, float value) => value > best || GpuMath.IsNaN(value) ? value : best;
}

/// <summary>Extents for changes of layout.</summary>
internal readonly struct MapShape(MapLayout layout)
{
    public readonly FastDivisor Plane = new(layout.Height * layout.Width);
    public readonly FastDivisor Pieces = new(layout.Pieces);
    public readonly int Channels = layout.Channels;
}

/// <summary>How the channels of a map fall into splits.</summary>
/// <param name="pieces">Pieces of a split.</param>
/// <param name="radix">Number of splits.</param>
/// <param name="weighted">Whether splits are weighted.</param>
internal readonly struct MapSplits(int pieces, int radix, bool weighted)
{
    public readonly FastDivisor Pieces = new(pieces);
    public readonly int Radix = radix;
    public readonly int Weighted = weighted ? 1 : 0;
}
