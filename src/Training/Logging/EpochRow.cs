using System.Globalization;

namespace ResNeSt.Training;

/// <summary>What an epoch came to. Accuracies are shares; what was not measured is NaN.</summary>
/// <param name="Epoch">Number, from one.</param>
/// <param name="Step">Steps done at its end.</param>
/// <param name="LearningRate">Rate of its last step.</param>
/// <param name="TrainLoss">Mean loss of its samples, while the network changed.</param>
/// <param name="TrainTop1">Share of its samples whose class was the best.</param>
/// <param name="ValidationLoss">Mean loss on the validation pictures.</param>
/// <param name="ValidationTop1">Share of validation pictures whose class was the best.</param>
/// <param name="ValidationTop5">Share of validation pictures whose class was among the best five.</param>
/// <param name="ImagesPerSecond">Training speed, validation not counted.</param>
/// <param name="Seconds">Since the run began, interruptions not counted.</param>
public sealed record EpochRow(int Epoch, long Step, double LearningRate, double TrainLoss, double TrainTop1, double ValidationLoss,
    double ValidationTop1, double ValidationTop5, double ImagesPerSecond, double Seconds)
{
    /// <summary>A line of log.csv.</summary>
    public string ToCsv() => string.Create(CultureInfo.InvariantCulture,
        $"{Epoch},{Step},{LearningRate:g6},{TrainLoss:r},{TrainTop1:r},{ValidationLoss:r},{ValidationTop1:r},{ValidationTop5:r},{ImagesPerSecond:f1},{Seconds:f1}");

    /// <summary>Reads a line of log.csv.</summary>
    public static bool TryParse(string line, out EpochRow row)
    {
        row = null!;
        string[] parts = line.Split(',');
        var numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
                return false;
        }

        if (numbers.Length != 10)
            return false;
        row = new EpochRow((int)numbers[0], (long)numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7], numbers[8], numbers[9]);
        return true;
    }
}
