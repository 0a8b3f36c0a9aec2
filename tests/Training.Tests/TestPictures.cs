using ResNeSt.Imaging;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>A tiny data set, network and recipe for the tests of the trainer.</summary>
internal static class TestPictures
{
    public const int Side = 8;

    /// <summary>Pictures whose class shows in their brightness, with noise.</summary>
    public static MemoryDataset Dataset(int count = 40, int classes = 3)
    {
        var generator = new Generator(3);
        var planes = new byte[count * 3 * Side * Side];
        var labels = new byte[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = (byte)(i % classes);
            for (int k = 0; k < 3 * Side * Side; k++)
                planes[i * 3 * Side * Side + k] = (byte)(labels[i] * 70 + generator.NextInt(60));
        }

        return new MemoryDataset("test picture", planes, labels, 3, Side, Side, [.. Enumerable.Range(0, classes).Select(i => $"class {i}")]);
    }

    /// <summary>Everything random that a recipe can switch on.</summary>
    public static Recipe Recipe { get; } = new()
    {
        Name = "test",
        Model = "none",
        Epochs = 3,
        BatchSize = 8,
        LearningRate = 0.05,
        Nesterov = true,
        WeightDecay = 1e-4,
        WarmupEpochs = 1,
        LabelSmoothing = 0.1,
        Mixing = new BatchMixer { Mixup = 0.2, CutMix = 1, Reversed = false },
        Size = Side,
        Crop = "pad",
        Flip = true,
        ColorJitter = 0.2,
        Lighting = 0.1,
        Erasing = 0.2,
        DropBlock = 0.2,
        AverageDecay = 0.9,
        ClipNorm = 5,
    };

    /// <summary>A split-attention network of a few thousand parameters with drop path, drop block and dropout.</summary>
    public static Module Model(Device? device = null, DType dtype = DType.F32, bool random = true, ulong seed = 1)
    {
        var model = new ResNet(new ResNetOptions
        {
            Depths = [1, 1, 1, 1],
            Planes = [4, 4, 8, 8],
            Stem = StemKind.Small,
            StemWidth = 8,
            StemPool = StemPool.None,
            Shortcut = ShortcutKind.AverageDown,
            AverageDown = true,
            Radix = 2,
            Classes = 3,
            DropPath = random ? 0.1 : 0,
            DropBlock = random ? 0 : -1,
            FinalDropout = random ? 0.1 : 0,
        });
        model.Materialize(device ?? Device.Cpu, dtype, new Generator(seed));
        return model;
    }

    /// <summary>All bits of a network's state.</summary>
    public static double[] Bits(Module model) => [.. model.NamedState().SelectMany(entry => entry.State.Value.ToDoubles())];
}
