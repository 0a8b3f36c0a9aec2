using ResNeSt.Imaging;

namespace ResNeSt.Training;

/// <summary>Everything that decides how a network is trained, but not on which data and machine.</summary>
public sealed record Recipe
{
    /// <summary>Name among <see cref="Recipes"/>, and where it comes from.</summary>
    public required string Name { get; init; }

    /// <summary>Network of the zoo that is trained if no other is asked for.</summary>
    public required string Model { get; init; }

    /// <summary>Passes over the training pictures.</summary>
    public required int Epochs { get; init; }

    /// <summary>Samples of a step, over all replicas.</summary>
    public required int BatchSize { get; init; }

    /// <summary>sgd or adamw.</summary>
    public string Optimizer { get; init; } = "sgd";

    /// <summary>Rate at the top of the schedule, for a batch of <see cref="RateBatch"/>.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The rate grows in proportion to the batch by this one; 0 for a rate that does not.</summary>
    public int RateBatch { get; init; }

    /// <summary>Momentum of SGD.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Look ahead along the momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Pull of the weights toward zero.</summary>
    public double WeightDecay { get; init; }

    /// <summary>What is pulled.</summary>
    public DecayScope Decay { get; init; } = DecayScope.Weights;

    /// <summary>Form of the schedule.</summary>
    public ScheduleKind Schedule { get; init; }

    /// <summary>Epochs of linear warm-up.</summary>
    public double WarmupEpochs { get; init; }

    /// <summary>Rate at the first step of the warm-up.</summary>
    public double WarmupStart { get; init; }

    /// <summary>The cosine's end.</summary>
    public double FinalRate { get; init; }

    /// <summary>The rate changes between epochs only.</summary>
    public bool RatePerEpoch { get; init; }

    /// <summary>The schedule's curve counts from the end of the warm-up.</summary>
    public bool CountsFromWarmup { get; init; } = true;

    /// <summary>Share of the target spread over all classes.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Mixup and CutMix.</summary>
    public BatchMixer Mixing { get; init; } = new();

    /// <summary>Rows and columns of a training sample.</summary>
    public required int Size { get; init; }

    /// <summary>autoaugment, randaugment-port, randaugment-timm or none.</summary>
    public string AutoAugmentation { get; init; } = "none";

    /// <summary>random-resized, erandom, pad or none.</summary>
    public string Crop { get; init; } = "none";

    /// <summary>Black pixels on every side of which the crop "pad" takes a part.</summary>
    public int CropPadding { get; init; } = 4;

    /// <summary>Filter of the crops.</summary>
    public ResizeFilter Filter { get; init; }

    /// <summary>Mirror half of the pictures.</summary>
    public bool Flip { get; init; }

    /// <summary>Strength of colour jitter; 0 for none.</summary>
    public double ColorJitter { get; init; }

    /// <summary>Standard deviation of PCA lighting; 0 for none.</summary>
    public double Lighting { get; init; }

    /// <summary>Probability of random erasing.</summary>
    public double Erasing { get; init; }

    /// <summary>Subtracted from values in 0..1: one number, or red, green and blue.</summary>
    public float[] Mean { get; init; } = [0.485f, 0.456f, 0.406f];

    /// <summary>Divides what is left.</summary>
    public float[] Deviation { get; init; } = [0.229f, 0.224f, 0.225f];

    /// <summary>The last γ of every block begins at zero.</summary>
    public bool ZeroLastGamma { get; init; }

    /// <summary>Probability of DropBlock in the last epoch; it grows linearly over the epochs. 0 for none.</summary>
    public double DropBlock { get; init; }

    /// <summary>Probability of dropping the last block's residual branch; it grows linearly over the blocks.</summary>
    public double DropPath { get; init; }

    /// <summary>Dropout in front of the classifier.</summary>
    public double FinalDropout { get; init; }

    /// <summary>Share of a moving average of the weights that is kept at every step; 0 for no average.</summary>
    public double AverageDecay { get; init; }

    /// <summary>Most of the gradients' norm; 0 for no limit.</summary>
    public double ClipNorm { get; init; }

    /// <summary>The schedule of a run.</summary>
    /// <param name="stepsPerEpoch">Optimiser steps of an epoch.</param>
    public LearningRateSchedule ScheduleFor(int stepsPerEpoch)
    {
        double factor = RateBatch > 0 ? (double)BatchSize / RateBatch : 1;
        return new LearningRateSchedule
        {
            Kind = Schedule,
            Rate = LearningRate * factor,
            Epochs = Epochs,
            StepsPerEpoch = Math.Max(1, stepsPerEpoch),
            WarmupEpochs = WarmupEpochs,
            WarmupStart = WarmupStart,
            FinalRate = FinalRate,
            PerEpoch = RatePerEpoch,
            CountsFromWarmup = CountsFromWarmup,
        };
    }

    /// <summary>How training pictures become samples.</summary>
    public SamplePipeline TrainingPipeline()
    {
        var steps = new List<PictureAugmentation>();
        switch (AutoAugmentation)
        {
            case "autoaugment":
                steps.Add(new AutoAugment());
                break;
            case "randaugment-port":
                steps.Add(RandAugment.Port());
                break;
            case "randaugment-timm" or "none":
                break;
            default:
                throw new ArgumentException($"there is no automatic augmentation '{AutoAugmentation}'; there are autoaugment, randaugment-port, randaugment-timm and none");
        }

        switch (Crop)
        {
            case "random-resized":
                steps.Add(new RandomResizedCrop(Size, filter: Filter));
                break;
            case "erandom":
                steps.Add(new ERandomCrop(Size, Filter));
                break;
            case "pad":
                steps.Add(new PadCrop(CropPadding));
                break;
            case "none":
                break;
            default:
                throw new ArgumentException($"there is no crop '{Crop}'; there are random-resized, erandom, pad and none");
        }

        if (Flip)
            steps.Add(new HorizontalFlip());
        // timm's recipes augment the cropped picture, ResNeSt's the whole one.
        if (AutoAugmentation == "randaugment-timm")
            steps.Add(RandAugment.Timm());
        if (ColorJitter > 0)
            steps.Add(new ColorJitter(ColorJitter));
        return Normalised() with
        {
            Steps = steps,
            Lighting = Lighting > 0 ? new PcaLighting(Lighting) : null,
            Erasing = Erasing > 0 ? new RandomErasing(Erasing) : null,
        };
    }

    /// <summary>How validation and test pictures become samples: small pictures as they are, others by the official crop.</summary>
    public SamplePipeline EvaluationPipeline()
    {
        if (Crop is "pad" or "none")
            return Normalised();
        var transform = EvaluationTransform.Official(Size, Filter);
        return Normalised() with { Fit = transform.Prepare };
    }

    private SamplePipeline Normalised() => new()
    {
        Size = Size,
        Channels = Mean.Length,
        Mean = Channels(Mean),
        Deviation = Channels(Deviation),
    };

    private static ChannelValues Channels(float[] values) => new(values[0], values[Math.Min(1, values.Length - 1)], values[^1]);
}
