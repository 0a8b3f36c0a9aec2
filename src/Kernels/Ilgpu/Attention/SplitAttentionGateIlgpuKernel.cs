using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>a = r-softmax(fc2(act(fc1(s)))) in one launch: what lies between the layers never leaves shared memory.</summary>
/// <remarks>Mapping: one group a sample. A warp computes a hidden unit, then a logit, its lanes reading neighbouring weights; a thread takes the
/// softmax of a channel. Traffic: all weights once a sample, from the L2 cache after the first. Bound by latency; the point is two launches less
/// and no state in memory. Sums have one order for a warp size.</remarks>
internal sealed class SplitAttentionGateIlgpuKernel(GpuQueue queue) : IlgpuKernel<SplitAttentionGateOp>(queue)
{
    /// <summary>Hidden units, and logits, that shared memory holds; the widest published network has 512 and 2048.</summary>
    private const int MaxHidden = 1024, MaxLogits = 4096;

    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, GateLayer, GateLayer, RadixShape, int>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, GateLayer, GateLayer, RadixShape, int>("split-attention-gate", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> summary, ArrayView<float> y, GateLayer first, GateLayer second, RadixShape shape, int activation)
    {
        var hidden = SharedMemory.Allocate<float>(MaxHidden);
        var logits = SharedMemory.Allocate<float>(MaxLogits);
        int warps = Group.DimX / Warp.WarpSize, warp = Group.IdxX / Warp.WarpSize;
        int sample = Grid.IdxX;
        int inputs = first.Inputs * first.Groups;
        for (int unit = warp; unit < first.Units; unit += warps)
        {
            int from = sample * inputs + first.FirstInput(unit);
            float sum = 0;
            for (int i = Warp.LaneIdx; i < first.Inputs; i += Warp.WarpSize)
                sum += first.Weights[unit * first.Inputs + i] * summary[from + i];
            sum = GroupReduction.CombineWarp<SumReduction>(sum);
            if (Warp.IsFirstLane)
                hidden[unit] = Activate(sum + first.Bias[unit], activation);
        }

        // Every logit reads hidden units of all warps.
        Group.Barrier();
        for (int unit = warp; unit < second.Units; unit += warps)
        {
            int from = second.FirstInput(unit);
            float sum = 0;
            for (int i = Warp.LaneIdx; i < second.Inputs; i += Warp.WarpSize)
                sum += second.Weights[unit * second.Inputs + i] * hidden[from + i];
            sum = GroupReduction.CombineWarp<SumReduction>(sum);
            if (Warp.IsFirstLane)
                logits[unit] = sum + second.Bias[unit];
        }

        Group.Barrier();
        int channels = shape.Channels.Divisor, apart = shape.Members.Divisor;
        for (int channel = Group.IdxX; channel < channels; channel += Group.DimX)
        {
            int from = shape.CardinalityMajor(channel), to = sample * second.Units + channel;
            if (shape.Radix == 1)
                y[to] = GpuMath.Sigmoid(logits[from]);
            else
            {
                float max = logits[from];
                for (int split = 1; split < shape.Radix; split++)
                    max = MaxReduction.Combine(max, logits[from + split * apart]);
                float sum = 0;
                for (int split = 0; split < shape.Radix; split++)
                    sum += GpuMath.Exp(logits[from + split * apart] - max);
                for (int split = 0; split < shape.Radix; split++)
                    y[to + split * channels] = GpuMath.Exp(logits[from + split * apart] - max) / sum;
            }
        }
    }

    private static float Activate(float value, int activation)
    {
        if (activation == (int)ActivationKind.Silu)
            return value * GpuMath.Sigmoid(value);
        if (activation != (int)ActivationKind.None && value < 0)
            return 0;
        return activation == (int)ActivationKind.Relu6 && value > 6 ? 6 : value;
    }

    protected override bool Supports(SplitAttentionGateOp op, ReadOnlySpan<TensorSpec> inputs) =>
        base.Supports(op, inputs) && inputs[1].Shape[0] <= MaxHidden && inputs[3].Shape[0] <= MaxLogits;

    protected override void Run(SplitAttentionGateOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        if (inputs[0].Shape[0] == 0)
            return;
        Queue.Launch(
            Kernel, (inputs[0].Shape[0], Queue.GroupSize), inputs[0].Floats, outputs[0].Floats,
            new GateLayer(inputs[1], inputs[2], op.Cardinality), new GateLayer(inputs[3], inputs[4], op.Cardinality),
            new RadixShape(outputs[0].Shape, op.Radix, op.Cardinality), (int)op.Activation);
    }
}

/// <summary>A grouped 1×1 convolution on one pixel.</summary>
internal readonly struct GateLayer(Tensor weights, Tensor bias, int groups)
{
    public readonly ArrayView<float> Weights = weights.Floats;
    public readonly ArrayView<float> Bias = bias.Floats;
    public readonly int Units = weights.Shape[0];
    public readonly int Inputs = weights.Shape[1];
    public readonly int Groups = groups;
    private readonly FastDivisor _unitsPerGroup = new(Math.Max(1, weights.Shape[0] / groups));

    /// <summary>The first input that a unit sees.</summary>
    public int FirstInput(int unit) => _unitsPerGroup.Divide(unit) * Inputs;
}
