using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Mixes each sample of a batch with a partner: mixup (arXiv:1710.09412) or CutMix (arXiv:1905.04899), one draw a batch.</summary>
public sealed record BatchMixer
{
    /// <summary>Both parameters of mixup's Beta distribution; 0 for no mixup.</summary>
    public double Mixup { get; init; }

    /// <summary>Both parameters of CutMix's Beta distribution; 0 for no CutMix.</summary>
    public double CutMix { get; init; }

    /// <summary>Probability of CutMix where both are on.</summary>
    public double SwitchProbability { get; init; } = 0.5;

    /// <summary>The partner is the batch in reverse; else a random permutation of it.</summary>
    public bool Reversed { get; init; } = true;

    /// <summary>Whether there is anything to mix.</summary>
    public bool IsActive => Mixup > 0 || CutMix > 0;

    /// <summary>Mixes the pixels in place.</summary>
    /// <param name="batch">The samples; its pixels are overwritten.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="generator">Source of the draw.</param>
    /// <returns>Target probabilities [Count, classes]: the share of each label.</returns>
    public float[] Apply(Batch batch, int classes, Generator generator)
    {
        bool cut = CutMix > 0 && (Mixup <= 0 || generator.NextUniform() < SwitchProbability);
        double share = Beta(cut ? CutMix : Mixup, generator);
        int[] partner = Partners(batch.Count, generator);
        if (cut)
            share = Paste(batch, partner, share, generator);
        else
            Blend(batch, partner, (float)share);
        var targets = new float[batch.Count * classes];
        for (int i = 0; i < batch.Count; i++)
        {
            targets[i * classes + (int)batch.Labels[i]] += (float)share;
            targets[i * classes + (int)batch.Labels[partner[i]]] += (float)(1 - share);
        }

        return targets;
    }

    private static void Blend(Batch batch, int[] partner, float share)
    {
        int length = batch.SampleLength;
        var before = (float[])batch.Pixels.Clone();
        for (int i = 0; i < batch.Count; i++)
        {
            var own = batch.Pixels.AsSpan(i * length, length);
            var other = before.AsSpan(partner[i] * length, length);
            for (int k = 0; k < length; k++)
                own[k] = own[k] * share + other[k] * (1 - share);
        }
    }

    /// <summary>Pastes the same rectangle of each partner; returns the share that is left of the sample itself.</summary>
    private static double Paste(Batch batch, int[] partner, double share, Generator generator)
    {
        int h = batch.Height, w = batch.Width;
        double side = Math.Sqrt(1 - share);
        int cutHeight = (int)(h * side), cutWidth = (int)(w * side);
        int centreY = generator.NextInt(h), centreX = generator.NextInt(w);
        int top = Math.Clamp(centreY - cutHeight / 2, 0, h), bottom = Math.Clamp(centreY + cutHeight / 2, 0, h);
        int left = Math.Clamp(centreX - cutWidth / 2, 0, w), right = Math.Clamp(centreX + cutWidth / 2, 0, w);
        var before = (float[])batch.Pixels.Clone();
        for (int i = 0; i < batch.Count; i++)
        {
            for (int c = 0; c < batch.Channels; c++)
            {
                for (int y = top; y < bottom; y++)
                {
                    int row = (c * h + y) * w + left;
                    before.AsSpan(partner[i] * batch.SampleLength + row, right - left).CopyTo(batch.Pixels.AsSpan(i * batch.SampleLength + row));
                }
            }
        }

        // The rectangle may have been clipped at the border.
        return 1 - (double)(bottom - top) * (right - left) / (h * w);
    }

    private int[] Partners(int count, Generator generator)
    {
        var partner = new int[count];
        for (int i = 0; i < count; i++)
            partner[i] = Reversed ? count - 1 - i : i;
        if (!Reversed)
            Shuffling.Shuffle(partner, generator);
        return partner;
    }

    /// <summary>Beta(a, a) as G1 / (G1 + G2) of two gamma variates.</summary>
    private static double Beta(double a, Generator generator)
    {
        double first = Gamma(a, generator), second = Gamma(a, generator);
        // For tiny parameters both may vanish; the distribution then sits at its ends.
        return first + second > 0 ? first / (first + second) : generator.NextUniform() < 0.5 ? 0 : 1;
    }

    /// <summary>Marsaglia and Tsang 2000; below one by the boost G(a) = G(a + 1) · U^(1/a).</summary>
    private static double Gamma(double a, Generator generator)
    {
        if (a < 1)
            return Gamma(a + 1, generator) * Math.Pow(1 - generator.NextUniform(), 1 / a);
        double d = a - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = generator.NextNormal(), v = 1 + c * x;
            if (v <= 0)
                continue;
            v = v * v * v;
            if (Math.Log(1 - generator.NextUniform()) < 0.5 * x * x + d - d * v + d * Math.Log(v))
                return d * v;
        }
    }
}
