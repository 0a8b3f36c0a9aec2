using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>One step: mix, forward, backward in parts, sum over the replicas, clip, update.</summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly Module _model;
    private readonly Optimizer _optimizer;
    private readonly int _classes;
    private readonly TrainerOptions _options;
    private readonly DType _dtype;
    private readonly Device _device;
    private readonly List<(Tensor Value, Tensor Before)> _buffers = [];

    public TrainingStep(Module model, Optimizer optimizer, int classes, TrainerOptions options)
    {
        _model = model;
        _optimizer = optimizer;
        _classes = classes;
        _options = options;
        var first = optimizer.Parameters[0].Parameter.Value;
        (_dtype, _device) = (first.DType, first.Device);
        foreach (var (_, value) in model.NamedBuffers())
            _buffers.Add((value, TensorScope.Release(Tensor.Zeros(value.Shape, value.DType, value.Device))));
    }

    /// <param name="batch">This replica's part; its pixels may be overwritten.</param>
    /// <param name="epoch">Number of the epoch.</param>
    /// <param name="number">Number of the batch in it.</param>
    /// <param name="step">Number of the step, for messages.</param>
    public StepOutcome Run(Batch batch, int epoch, int number, long step)
    {
        // Batch norm has no statistics of a single sample.
        if (batch.Count < 2 && _options.Group is null)
            return default;
        var recipe = _options.Recipe;
        ulong rank = (ulong)(_options.Group?.Rank ?? 0);
        var generator = new Generator(Shuffling.Seed(_options.Seed, (ulong)epoch, (ulong)number, rank, 0x7261696E));
        float[]? targets = recipe.Mixing.IsActive ? recipe.Mixing.Apply(batch, _classes, generator) : null;
        _model.SetGenerator(generator);
        using (GradMode.Off())
        {
            foreach (var (value, before) in _buffers)
                before.Assign(value);
        }

        double[] sums = [0, 0, batch.Count];
        _options.Group?.AllReduceSum(sums.AsSpan(2));
        double total = sums[2];
        int part = (batch.Count + _options.Accumulation - 1) / _options.Accumulation;
        for (int start = 0; start < batch.Count; start += part)
            Accumulate(batch, targets, start, Math.Min(part, batch.Count - start), total, sums);
        _options.Group?.SumGradients(_optimizer.Parameters);
        _options.Group?.AllReduceSum(sums.AsSpan(0, 2));
        double loss = sums[0] / total;
        return Update(loss, step) with { Samples = batch.Count, Correct = (long)Math.Round(sums[1] * batch.Count / total) };
    }

    public void Dispose()
    {
        foreach (var (_, before) in _buffers)
            before.Dispose();
    }

    private void Accumulate(Batch batch, float[]? targets, int start, int count, double total, double[] sums)
    {
        using var scope = new TensorScope();
        var part = batch.Slice(start, count);
        var logits = _model.Forward(part.ToTensor(_dtype, _device));
        var wanted = targets is null
            ? Tensor.FromArray(part.Labels, [count], _device)
            : Tensor.FromDoubles(Array.ConvertAll(targets[(start * _classes)..((start + count) * _classes)], value => (double)value), new TensorSpec([count, _classes], _dtype), _device);
        var loss = logits.CrossEntropy(wanted, labelSmoothing: _options.Recipe.LabelSmoothing);
        // The whole batch's loss is the mean over its samples, whatever the parts.
        double share = count / total * (_options.Scaler?.Scale ?? 1);
        loss.Backward(Tensor.Full(share, Shape.Scalar, _dtype, _device));
        sums[0] += loss.Item() * count;
        var accuracy = new TopAccuracy();
        accuracy.Add(logits.ToDoubles(), part.Labels);
        sums[1] += accuracy.Best;
    }

    private StepOutcome Update(double loss, long step)
    {
        var parameters = _optimizer.Parameters;
        if (_options.Scaler is { } scaler && scaler.Scale != 1)
            GradientNorm.Scale(parameters, 1 / scaler.Scale);
        double norm = GradientNorm.Measure(parameters);
        bool finite = double.IsFinite(loss) && double.IsFinite(norm);
        _options.Scaler?.Update(finite);
        if (!finite)
        {
            _optimizer.ClearGrads();
            using (GradMode.Off())
            {
                foreach (var (value, before) in _buffers)
                    value.Assign(before);
            }

            if (!_options.SkipNonFinite && _options.Scaler is null)
                throw new TrainingDivergedException($"step {step + 1}: the loss is {loss:g4} and the gradient's norm {norm:g4}; nothing of this step was kept. Resume with a lower learning rate, or leave such batches out");
            return new StepOutcome(Applied: false, loss, norm);
        }

        double limit = _options.Recipe.ClipNorm;
        if (limit > 0 && limit / (norm + 1e-6) is < 1 and var factor)
            GradientNorm.Scale(parameters, factor);
        _optimizer.Step();
        _optimizer.ClearGrads();
        return new StepOutcome(Applied: true, loss, norm);
    }
}

/// <summary>What a step came to.</summary>
/// <param name="Applied">The network changed; else the batch was left out.</param>
/// <param name="Loss">Mean loss of the batch before the step, over all replicas.</param>
/// <param name="GradientNorm">Norm of all gradients before clipping.</param>
/// <param name="Samples">Samples of this replica.</param>
/// <param name="Correct">Of them, those whose class had the largest logit.</param>
internal readonly record struct StepOutcome(bool Applied, double Loss, double GradientNorm, int Samples = 0, long Correct = 0);
