using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Nn;

/// <summary>Batch normalisation of each channel, with learned <c>weight</c> and <c>bias</c> and running statistics
/// <c>running_mean</c>, <c>running_var</c>, <c>num_batches_tracked</c>.</summary>
/// <remarks>In training the batch's own mean and biased variance normalise, and the running statistics move towards the batch's mean and
/// unbiased variance: r ← (1 - momentum)·r + momentum·b. In evaluation, and in training with <see cref="FrozenStatistics"/>, the running
/// statistics normalise and stay as they are.</remarks>
public sealed class BatchNorm2d : Module
{
    private readonly ModuleBuffer _batches;
    private (Storage? Storage, int Version, long Count) _counted;

    /// <summary>A batch norm.</summary>
    /// <param name="channels">Number of channels C.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">Share of the newest batch in the running statistics; null averages all batches alike.</param>
    public BatchNorm2d(int channels, double epsilon = 1e-5, double? momentum = 0.1)
    {
        if (channels < 1)
            throw new ShapeException($"BatchNorm2d: {channels} channels: must be positive");
        Epsilon = epsilon;
        Momentum = momentum;
        Weight = AddParameter("weight", [channels], Init.Ones);
        Bias = AddParameter("bias", [channels], Init.Zeros);
        RunningMean = AddBuffer("running_mean", [channels], Init.Zeros);
        RunningVariance = AddBuffer("running_var", [channels], Init.Ones);
        _batches = AddBuffer("num_batches_tracked", Shape.Scalar, Init.Zeros, DType.I64, optional: true);
    }

    /// <summary>Added to the variance.</summary>
    public double Epsilon { get; }

    /// <summary>Share of the newest batch in the running statistics; null averages all batches alike.</summary>
    public double? Momentum { get; set; }

    /// <summary>Use the running statistics in training too, and leave them unchanged: for fine-tuning, and for batches with one value per channel.</summary>
    public bool FrozenStatistics { get; set; }

    /// <summary>Sums a tensor over the replicas that share a batch, and its gradient likewise: statistics are then those of all replicas' samples.
    /// Null for statistics of the own samples.</summary>
    public Func<Tensor, Tensor>? SumOverReplicas { get; set; }

    /// <summary>γ [C], initially one.</summary>
    public Parameter Weight { get; }

    /// <summary>β [C], initially zero.</summary>
    public Parameter Bias { get; }

    /// <summary>Running mean [C], initially zero.</summary>
    public ModuleBuffer RunningMean { get; }

    /// <summary>Running unbiased variance [C], initially one.</summary>
    public ModuleBuffer RunningVariance { get; }

    /// <summary>Normalises x [N, C, ...].</summary>
    /// <exception cref="ShapeException">Training with fewer than two values per channel: use a larger batch or <see cref="FrozenStatistics"/>.</exception>
    protected override Tensor Compute(Tensor x)
    {
        if (UsesBatch && SumOverReplicas is { } sum)
            return Synchronized(x, sum);
        return UsesBatch
            ? Track(x, new BatchNormTrainOp(Epsilon))
            : x.BatchNormInference(Weight.For(x), Bias.For(x), RunningMean.For(x), RunningVariance.For(x), Epsilon);
    }

    /// <summary>Normalises x and sets negative elements to zero: as <see cref="Module.Forward"/> and a ReLU behind it, in one operator where the
    /// batch's statistics are taken.</summary>
    /// <param name="x">[N, C, ...].</param>
    /// <returns>The output, owned by the current <see cref="TensorScope"/>.</returns>
    /// <exception cref="ShapeException">Training with fewer than two values per channel: use a larger batch or <see cref="FrozenStatistics"/>.</exception>
    public Tensor ForwardRelu(Tensor x)
    {
        if (!UsesBatch || SumOverReplicas is not null)
            return Forward(x).Relu();
        ModuleObserver.Begin(this);
        using var scope = new TensorScope();
        var y = scope.Keep(Track(x, new BatchNormTrainReluOp(Epsilon)));
        ModuleObserver.End(this, y.Spec);
        return y;
    }

    /// <summary>Whether the batch's own statistics normalise.</summary>
    internal bool UsesBatch => Training && !FrozenStatistics;

    /// <summary>Runs an operator that gives the output, mean and variance, and moves the running statistics.</summary>
    private Tensor Track(Tensor x, Op op)
    {
        var outputs = OpDispatcher.Run(op, x, Weight.For(x), Bias.For(x));
        if (Recomputation.IsRunning)
            return outputs[0];
        using (GradMode.Off())
            Track(outputs[1], outputs[2], x.Shape[0] * (double)x.Shape.Product(2, x.Shape.Rank));
        return outputs[0];
    }

    private Tensor Synchronized(Tensor x, Func<Tensor, Tensor> sum)
    {
        int channels = x.Shape[1];
        int[] others = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => axis != 1)];
        int[] perChannel = [.. Enumerable.Repeat(1, x.Shape.Rank)];
        perChannel[1] = channels;
        var column = Shape.Create(perChannel);
        var axes = Axes.Of(others);
        // The number of values travels with the sums: replicas may hold different numbers of samples.
        var own = Tensor.Full(x.Shape[0] * (double)x.Shape.Product(2, x.Shape.Rank), [1], x.DType, x.Device);
        var sums = sum(Tensor.Concat(0, x.Sum(axes), own));
        var count = sums.Slice(0, channels, 1).Detach();
        var mean = sums.Slice(0, 0, channels) / count;
        var centred = x - mean.Reshape(column);
        var variance = sum(centred.Square().Sum(axes)) / count;
        if (!Recomputation.IsRunning)
        {
            using (GradMode.Off())
                Track(mean.Detach(), variance.Detach(), count.Item());
        }

        var scale = (variance + Epsilon).Rsqrt() * Weight.For(x);
        return centred * scale.Reshape(column) + Bias.For(x).Reshape(column);
    }

    private void Track(Tensor mean, Tensor biasedVariance, double count)
    {
        long batches = CountBatch();
        double share = Momentum ?? 1.0 / batches;
        OpDispatcher.Run(new AssignLerpOp(share), RunningMean.Value, mean);
        OpDispatcher.Run(new AssignLerpOp(share), RunningVariance.Value, biasedVariance * (count / (count - 1)));
    }

    /// <summary>Adds one to the counter, which is read back only after somebody else wrote it: a device need not wait every step.</summary>
    private long CountBatch()
    {
        var counter = _batches.Value;
        if (counter.Device == Device.Meta)
            return 1;
        if (_counted.Storage != counter.Storage || _counted.Version != counter.Storage.Version)
            _counted.Count = (long)counter.Item();
        long count = _counted.Count + 1;
        counter.Assign<long>([count]);
        _counted = (counter.Storage, counter.Storage.Version, count);
        return count;
    }
}
