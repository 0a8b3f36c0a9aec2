using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Measures a network on labelled pictures.</summary>
public static class Evaluator
{
    /// <summary>Runs every batch of a loader through a network in evaluation mode, which it is left in.</summary>
    /// <param name="model">The network.</param>
    /// <param name="loader">The pictures.</param>
    /// <param name="progress">Told the number of pictures done.</param>
    /// <param name="note">Told of pictures that were skipped.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public static EvaluationResult Run(Module model, DataLoader loader, IProgress<long>? progress = null, Action<string>? note = null, CancellationToken cancellation = default)
    {
        model.Eval();
        using var off = GradMode.Off();
        var first = model.NamedParameters().First().Parameter.Value;
        var accuracy = new TopAccuracy();
        double loss = 0;
        int skipped = 0;
        foreach (var batch in loader.Epoch(0, 0, cancellation))
        {
            foreach (var picture in batch.Skipped)
                note?.Invoke($"skipped {DataFileException.Escape(picture.Name)}: {picture.Reason}");
            skipped += batch.Skipped.Count;
            if (batch.Count == 0)
                continue;
            using var scope = new TensorScope();
            var logits = model.Forward(batch.ToTensor(first.DType, first.Device));
            double[] values = logits.ToDoubles();
            accuracy.Add(values, batch.Labels);
            loss += CrossEntropy(values, batch.Labels);
            progress?.Report(accuracy.Count);
        }

        return new EvaluationResult(accuracy.Count, skipped, loss / accuracy.Count, accuracy.Top1, accuracy.Top5);
    }

    private static double CrossEntropy(double[] logits, long[] labels)
    {
        int classes = logits.Length / labels.Length;
        double sum = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            var row = logits.AsSpan(i * classes, classes);
            double largest = double.NegativeInfinity, total = 0;
            foreach (double value in row)
                largest = Math.Max(largest, value);
            foreach (double value in row)
                total += Math.Exp(value - largest);
            sum += largest + Math.Log(total) - row[(int)labels[i]];
        }

        return sum;
    }
}

/// <summary>What a network is worth on labelled pictures.</summary>
/// <param name="Count">Pictures measured.</param>
/// <param name="Skipped">Pictures that could not be read.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Top1">Share whose class was the best.</param>
/// <param name="Top5">Share whose class was among the best five.</param>
public sealed record EvaluationResult(long Count, int Skipped, double Loss, double Top1, double Top5);
