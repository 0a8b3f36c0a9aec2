using ResNeSt.Tensors;

namespace ResNeSt.Cli;

/// <summary>What the network said of one picture, or why the picture was refused.</summary>
internal sealed record PictureResult(string Picture, float[] Logits, double ReadSeconds, double NetworkSeconds, DataFileException? Failure)
{
    /// <summary>The classes with the largest logits, best first, with their softmax probabilities.</summary>
    public IEnumerable<(int Index, float Logit, double Probability)> Best(int count)
    {
        double largest = Logits.Max();
        double sum = Logits.Sum(logit => Math.Exp(logit - largest));
        return Enumerable.Range(0, Logits.Length)
            .OrderByDescending(index => Logits[index])
            .Take(count)
            .Select(index => (index, Logits[index], Math.Exp(Logits[index] - largest) / sum));
    }
}
