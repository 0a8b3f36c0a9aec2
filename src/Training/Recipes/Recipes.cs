using ResNeSt.Imaging;

namespace ResNeSt.Training;

/// <summary>The named recipes.</summary>
public static class Recipes
{
    /// <summary>ResNeSt on ImageNet as the Gluon scripts did it that made the published weights: 270 epochs of Nesterov SGD.</summary>
    public static Recipe ResNeSt { get; } = new()
    {
        Name = "resnest",
        Model = "resnest50",
        Epochs = 270,
        BatchSize = 256,
        LearningRate = 0.1,
        RateBatch = 256,
        Nesterov = true,
        WeightDecay = 1e-4,
        Decay = DecayScope.Weights,
        WarmupEpochs = 5,
        LabelSmoothing = 0.1,
        Mixing = new BatchMixer { Mixup = 0.2 },
        Size = 224,
        AutoAugmentation = "autoaugment",
        Crop = "random-resized",
        Filter = ResizeFilter.Bilinear,
        Flip = true,
        ColorJitter = 0.4,
        Lighting = 0.1,
        ZeroLastGamma = true,
        DropBlock = 0.1,
    };

    /// <summary>As the authors' PyTorch port: RandAugment and the sampled box, no DropBlock, no Nesterov; slightly worse by their own note.</summary>
    public static Recipe ResNeStTorch { get; } = ResNeSt with
    {
        Name = "resnest-torch",
        Nesterov = false,
        Decay = DecayScope.NamesWithoutNorm,
        Mixing = new BatchMixer { Mixup = 0.2, Reversed = false },
        AutoAugmentation = "randaugment-port",
        Crop = "erandom",
        DropBlock = 0,
    };

    /// <summary>CoTNet-50 on ImageNet: 350 epochs, mixup and CutMix, RandAugment, moving average.</summary>
    public static Recipe CoTNet { get; } = new()
    {
        Name = "cotnet",
        Model = "cotnet50",
        Epochs = 350,
        BatchSize = 640,
        LearningRate = 0.25,
        RateBatch = 640,
        Nesterov = true,
        WeightDecay = 4e-5,
        Decay = DecayScope.Matrices,
        WarmupEpochs = 5,
        WarmupStart = 1e-4,
        FinalRate = 1e-5,
        RatePerEpoch = true,
        CountsFromWarmup = false,
        LabelSmoothing = 0.1,
        Mixing = new BatchMixer { Mixup = 0.8, CutMix = 1.0 },
        Size = 224,
        AutoAugmentation = "randaugment-timm",
        Crop = "random-resized",
        Filter = ResizeFilter.Bicubic,
        Flip = true,
        DropPath = 0.1,
        FinalDropout = 0.25,
        AverageDecay = 0.9999,
    };

    /// <summary>ResNet as torchvision first trained it: 90 epochs, a tenth every 30.</summary>
    public static Recipe ResNet { get; } = new()
    {
        Name = "resnet",
        Model = "resnet50",
        Epochs = 90,
        BatchSize = 256,
        LearningRate = 0.1,
        RateBatch = 256,
        WeightDecay = 1e-4,
        Decay = DecayScope.All,
        Schedule = ScheduleKind.Step,
        Size = 224,
        Crop = "random-resized",
        Flip = true,
    };

    /// <summary>A small ResNeSt on CIFAR-10.</summary>
    public static Recipe Cifar10 { get; } = new()
    {
        Name = "cifar10",
        Model = "resnest_small",
        Epochs = 24,
        BatchSize = 64,
        LearningRate = 0.15,
        RateBatch = 128,
        Nesterov = true,
        WeightDecay = 5e-4,
        WarmupEpochs = 2,
        LabelSmoothing = 0.1,
        Size = 32,
        Crop = "pad",
        Flip = true,
        Mean = [0.4914f, 0.4822f, 0.4465f],
        Deviation = [0.2470f, 0.2435f, 0.2616f],
        ZeroLastGamma = true,
    };

    /// <summary>A small ResNeSt on Fashion-MNIST, in less than 20 minutes of two cores.</summary>
    public static Recipe FashionMnist { get; } = Cifar10 with
    {
        Name = "fashion-mnist",
        Model = "resnest_mini",
        Epochs = 9,
        LearningRate = 0.1,
        WarmupEpochs = 1,
        Size = 28,
        CropPadding = 1,
        Mean = [0.2860f],
        Deviation = [0.3530f],
    };

    /// <summary>Every recipe.</summary>
    public static IReadOnlyList<Recipe> All { get; } = [ResNeSt, ResNeStTorch, CoTNet, ResNet, Cifar10, FashionMnist];

    /// <summary>The recipe of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Recipe Find(string name) => All.FirstOrDefault(recipe => recipe.Name == name)
        ?? throw new ArgumentException($"there is no recipe '{name}'; there are {string.Join(", ", All.Select(recipe => recipe.Name))}", nameof(name));
}
