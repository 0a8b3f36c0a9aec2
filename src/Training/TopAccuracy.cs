namespace ResNeSt.Training;

/// <summary>Counts how often the true class is the best, and among the best five.</summary>
public sealed class TopAccuracy
{
    /// <summary>Samples seen.</summary>
    public long Count { get; private set; }

    /// <summary>Samples whose class has the largest logit.</summary>
    public long Best { get; private set; }

    /// <summary>Samples whose class is among the five largest logits.</summary>
    public long AmongFive { get; private set; }

    /// <summary>Share of samples whose class is the best; NaN before any.</summary>
    public double Top1 => (double)Best / Count;

    /// <summary>Share of samples whose class is among the best five; NaN before any.</summary>
    public double Top5 => (double)AmongFive / Count;

    /// <summary>Takes samples in. Ties count against the true class only where a lower class holds the same logit; a NaN counts against it.</summary>
    /// <param name="logits">[labels, classes].</param>
    /// <param name="labels">The true classes.</param>
    public void Add(ReadOnlySpan<double> logits, ReadOnlySpan<long> labels)
    {
        int classes = logits.Length / Math.Max(labels.Length, 1);
        for (int i = 0; i < labels.Length; i++)
        {
            var row = logits.Slice(i * classes, classes);
            int label = (int)labels[i];
            int better = 0;
            for (int c = 0; c < classes; c++)
            {
                if (c != label && !(row[c] < row[label] || (row[c] == row[label] && c > label)))
                    better++;
            }

            Count++;
            Best += better < 1 ? 1 : 0;
            AmongFive += better < 5 ? 1 : 0;
        }
    }
}
