using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Batch norm by three steps: sums of parts, sums of channels, one pass over the elements. A ReLU behind it is part of that pass, and on the
/// way back of reading the gradient.</summary>
internal static class BatchNormKernels
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<Moments>, ChannelShape>> PartMoments =
        GpuKernel.Define<ArrayView<float>, ArrayView<Moments>, ChannelShape>("batch-norm.moments", GpuQueue.MaxGroup, MomentsBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<Moments>, ArrayView<float>, ArrayView<float>, ChannelShape>> Statistics =
        GpuKernel.Define<ArrayView<Moments>, ArrayView<float>, ArrayView<float>, ChannelShape>("batch-norm.statistics", GpuQueue.MaxGroup, StatisticsBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ChannelParameters, ChannelShape>> Normalize =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ChannelParameters, ChannelShape>("batch-norm.normalize", GpuQueue.MaxGroup, NormalizeBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, Upstream, ArrayView<float>, ChannelParameters, ChannelShape>> GradSums =
        GpuKernel.Define<ArrayView<float>, Upstream, ArrayView<float>, ChannelParameters, ChannelShape>("batch-norm.grad-sums", GpuQueue.MaxGroup, GradSumsBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ChannelShape>> ParameterGrads =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, ChannelShape>("batch-norm.parameter-grads", GpuQueue.MaxGroup, ParameterGradsBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, Upstream, ArrayView<float>, ChannelParameters, ChannelGrads, ChannelShape>> InputGrad =
        GpuKernel.Define<ArrayView<float>, Upstream, ArrayView<float>, ChannelParameters, ChannelGrads, ChannelShape>("batch-norm.input-grad", GpuQueue.MaxGroup, InputGradBody);

    /// <summary>One number a channel each, and whether a ReLU stands behind the normalisation.</summary>
    internal readonly struct ChannelParameters(
        ArrayView<float> weight, ArrayView<float> bias, ArrayView<float> mean, ArrayView<float> variance, double epsilon, bool rectified = false)
    {
        public readonly ArrayView<float> Weight = weight;
        public readonly ArrayView<float> Bias = bias;
        public readonly ArrayView<float> Mean = mean;
        public readonly ArrayView<float> Variance = variance;
        public readonly float Epsilon = (float)epsilon;
        public readonly int Rectified = rectified ? 1 : 0;

        public float Inverse(int channel) => 1 / MathF.Sqrt(Variance[channel] + Epsilon);

        /// <summary>What is stored of a normalised value.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Finish(float value) => Utilities.Select(Rectified != 0, default(Relu).Apply(value), value);
    }

    /// <summary>The gradient from behind. With a ReLU between, the output is read beside it, and where that is zero so is the gradient.</summary>
    internal readonly struct Upstream(ArrayView<float> gradient, ArrayView<float> output, bool rectified)
    {
        private readonly ArrayView<float> _gradient = gradient;
        private readonly ArrayView<float> _output = output;
        private readonly int _rectified = rectified ? 1 : 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float At(int element)
        {
            float value = _gradient[element];
            if (_rectified != 0)
                value = default(ReluGrad).Apply(_output[element], value);
            return value;
        }
    }

    /// <summary>Gradients of weight and bias, and how much of them flows back through the statistics: 1 / values, or zero where the
    /// statistics are constants.</summary>
    internal readonly struct ChannelGrads(ArrayView<float> weight, ArrayView<float> bias, float share)
    {
        public readonly ArrayView<float> Weight = weight;
        public readonly ArrayView<float> Bias = bias;
        public readonly float Share = share;
    }

    /// <summary>Mapping: one warp a part of a channel, lanes take values in turn. Each lane sums deviations from its own first value, a
    /// member of the sample, which bounds the cancellation by the few hundred values of a lane; then lanes combine. One read of the input.</summary>
    public static void MomentsBody(ArrayView<float> x, ArrayView<Moments> parts, ChannelShape shape)
    {
        int warpsPerGroup = Group.DimX / Warp.WarpSize;
        int items = shape.Channels * shape.Parts;
        for (int item = Grid.IdxX * warpsPerGroup + Group.IdxX / Warp.WarpSize; item < items; item += Grid.DimX * warpsPerGroup)
        {
            int part = item / shape.Channels;
            int channel = item - part * shape.Channels;
            int begin = part * shape.PartLength + Warp.LaneIdx;
            int end = IntrinsicMath.Min((part + 1) * shape.PartLength, shape.Values);
            float pivot = 0, sum = 0, squares = 0;
            int count = 0;
            if (begin < end)
                pivot = x[shape.Offset(channel, begin)];
            for (int value = begin; value < end; value += Warp.WarpSize)
            {
                float deviation = x[shape.Offset(channel, value)] - pivot;
                sum += deviation;
                squares += deviation * deviation;
                count++;
            }

            var own = default(Moments);
            float mean = sum / IntrinsicMath.Max(count, 1);
            own.Count = count;
            own.Mean = pivot + mean;
            own.Squares = squares - sum * mean;
            own = Moments.CombineWarp(own);
            if (Warp.IsFirstLane)
                parts[item] = own;
        }
    }

    /// <summary>Mapping: one thread a channel; combines the parts in ascending order.</summary>
    public static void StatisticsBody(ArrayView<Moments> parts, ArrayView<float> mean, ArrayView<float> variance, ChannelShape shape)
    {
        for (int channel = Grid.GlobalIndex.X; channel < shape.Channels; channel += Grid.DimX * Group.DimX)
        {
            var all = parts[channel];
            for (int part = 1; part < shape.Parts; part++)
                all = Moments.Combine(all, parts[part * shape.Channels + channel]);
            mean[channel] = all.Mean;
            variance[channel] = IntrinsicMath.Max(all.Squares, 0f) / shape.Values;
        }
    }

    /// <summary>Mapping: one thread an element, or four where planes are whole 128-bit words, striding over the grid; 8 bytes an element.</summary>
    public static void NormalizeBody(ArrayView<float> x, ArrayView<float> y, ChannelParameters parameters, ChannelShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int plane = shape.Plane.Divisor;
        if (plane % 4 == 0)
        {
            var x4 = x.Cast<Float4>();
            var y4 = y.Cast<Float4>();
            int words = y.IntLength / 4;
            for (int i = Grid.GlobalIndex.X; i < words; i += stride)
            {
                int channel = Channel(shape, i * 4);
                float scale = parameters.Inverse(channel) * parameters.Weight[channel], mean = parameters.Mean[channel], bias = parameters.Bias[channel];
                var value = x4[i];
                value.X = parameters.Finish((value.X - mean) * scale + bias);
                value.Y = parameters.Finish((value.Y - mean) * scale + bias);
                value.Z = parameters.Finish((value.Z - mean) * scale + bias);
                value.W = parameters.Finish((value.W - mean) * scale + bias);
                y4[i] = value;
            }
        }
        else
        {
            int count = y.IntLength;
            for (int i = Grid.GlobalIndex.X; i < count; i += stride)
            {
                int channel = Channel(shape, i);
                float scale = parameters.Inverse(channel) * parameters.Weight[channel];
                y[i] = parameters.Finish((x[i] - parameters.Mean[channel]) * scale + parameters.Bias[channel]);
            }
        }
    }

    /// <summary>Mapping: one warp a part of a channel; Σ dy and Σ dy · x̂ in one read of both. parts[2 · item] and [2 · item + 1].</summary>
    public static void GradSumsBody(ArrayView<float> x, Upstream dy, ArrayView<float> parts, ChannelParameters parameters, ChannelShape shape)
    {
        int warpsPerGroup = Group.DimX / Warp.WarpSize;
        int items = shape.Channels * shape.Parts;
        for (int item = Grid.IdxX * warpsPerGroup + Group.IdxX / Warp.WarpSize; item < items; item += Grid.DimX * warpsPerGroup)
        {
            int part = item / shape.Channels;
            int channel = item - part * shape.Channels;
            int end = IntrinsicMath.Min((part + 1) * shape.PartLength, shape.Values);
            float mean = parameters.Mean[channel], inverse = parameters.Inverse(channel);
            float sum = 0, product = 0;
            for (int value = part * shape.PartLength + Warp.LaneIdx; value < end; value += Warp.WarpSize)
            {
                int offset = shape.Offset(channel, value);
                float gradient = dy.At(offset);
                sum += gradient;
                product += gradient * ((x[offset] - mean) * inverse);
            }

            sum = GroupReduction.CombineWarp<SumReduction>(sum);
            product = GroupReduction.CombineWarp<SumReduction>(product);
            if (Warp.IsFirstLane)
            {
                parts[2 * item] = product;
                parts[2 * item + 1] = sum;
            }
        }
    }

    /// <summary>Mapping: one thread a channel; adds the parts in ascending order.</summary>
    public static void ParameterGradsBody(ArrayView<float> parts, ArrayView<float> weight, ArrayView<float> bias, ChannelShape shape)
    {
        for (int channel = Grid.GlobalIndex.X; channel < shape.Channels; channel += Grid.DimX * Group.DimX)
        {
            float product = 0, sum = 0;
            for (int part = 0; part < shape.Parts; part++)
            {
                product += parts[2 * (part * shape.Channels + channel)];
                sum += parts[2 * (part * shape.Channels + channel) + 1];
            }

            weight[channel] = product;
            bias[channel] = sum;
        }
    }

    /// <summary>dx = (dy - share · Σ dy - x̂ · share · Σ dy·x̂) · weight / σ. Mapping: one thread an element, striding over the grid; 12 bytes an element,
    /// 16 with a ReLU.</summary>
    public static void InputGradBody(
        ArrayView<float> x, Upstream dy, ArrayView<float> dx, ChannelParameters parameters, ChannelGrads grads, ChannelShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = dx.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int channel = Channel(shape, i);
            float inverse = parameters.Inverse(channel);
            float normalized = (x[i] - parameters.Mean[channel]) * inverse;
            float flowing = dy.At(i) - grads.Bias[channel] * grads.Share - normalized * (grads.Weight[channel] * grads.Share);
            dx[i] = flowing * (inverse * parameters.Weight[channel]);
        }
    }

    private static int Channel(ChannelShape shape, int element)
    {
        int line = shape.Plane.Divide(element);
        return line - shape.ChannelDivisor.Divide(line) * shape.Channels;
    }
}
