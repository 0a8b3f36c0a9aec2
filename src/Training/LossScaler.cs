namespace ResNeSt.Training;

/// <summary>The factor of the loss in mixed precision: halved when gradients overflow, doubled after a quiet time, as torch.cuda.amp.GradScaler.</summary>
public sealed class LossScaler
{
    /// <summary>The factor.</summary>
    public double Scale { get; set; } = 65536;

    /// <summary>Steps without overflow before the factor doubles.</summary>
    public int GrowthInterval { get; init; } = 2000;

    /// <summary>Steps since the factor changed.</summary>
    public int QuietSteps { get; set; }

    /// <summary>Takes note of a step.</summary>
    /// <param name="finite">Whether all gradients were finite; if not, the step must not be applied.</param>
    public void Update(bool finite)
    {
        if (!finite)
        {
            Scale = Math.Max(1, Scale / 2);
            QuietSteps = 0;
        }
        else if (++QuietSteps >= GrowthInterval)
        {
            Scale *= 2;
            QuietSteps = 0;
        }
    }
}
