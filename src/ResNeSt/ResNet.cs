using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>The residual skeleton of the whole family: stem, max pool, four stages, global average pool, classifier.</summary>
/// <remarks>Input [N, channels, H, W]; output [N, classes]. Keys: conv1, bn1, layer1 … layer4, fc, or those of another <see cref="KeyStyle"/>.</remarks>
public sealed class ResNet : Module
{
    private const int StageCount = 4;

    private readonly Module[] _stem;
    private readonly MaxPool2d? _pool;
    private readonly Sequential[] _stages = new Sequential[4];
    private readonly Sequential? _finalConvolution;
    private readonly Dropout? _dropout;
    private readonly Module? _classifier;

    /// <summary>Declares the network; <see cref="Module.Materialize"/> gives it memory.</summary>
    /// <exception cref="ShapeException">Options contradict each other.</exception>
    public ResNet(ResNetOptions options)
    {
        options.Validate();
        Options = options;
        var (parts, channels) = Stem.Create(options);
        _stem = [.. parts.Select(part => Child(part.Key, part.Module))];
        _pool = options.StemPool switch
        {
            StemPool.Padded => new MaxPool2d(kernel: 3, stride: 2, padding: 1),
            StemPool.Ceiling => new MaxPool2d(kernel: 3, stride: 2, ceilMode: true),
            _ => null,
        };
        var taps = new FeatureTap[StageCount + 1];
        int stemStride = Stem.Stride(options), firstStride = stemStride * (_pool is null ? 1 : 2) * options.FirstStride;
        taps[0] = new FeatureTap("stem", stemStride, channels);
        for (int stage = 0; stage < StageCount; stage++)
        {
            _stages[stage] = CreateStage(options, stage, ref channels);
            taps[stage + 1] = new FeatureTap(string.Create(CultureInfo.InvariantCulture, $"layer{stage + 1}"), Math.Min(4 << stage, options.OutputStride) / 4 * firstStride, channels);
        }

        Taps = taps;
        AddStages();
        if (options.FinalChannels > 0)
        {
            _finalConvolution = Child("final_conv", new Sequential
            {
                { "conv", Layer.Conv(channels, options.FinalChannels, kernel: 1) },
                { "bn", Layer.Norm(options.FinalChannels) },
                { "act", Layer.Activation(options.Activation) },
            });
            channels = options.FinalChannels;
        }

        FeatureChannels = channels;
        if (options.FinalDropout > 0)
            _dropout = Child("final_drop", new Dropout(options.FinalDropout, new Generator(options.DropoutSeed)));
        if (options.Classes > 0)
            _classifier = AddClassifier(new Linear(channels, options.Classes));
    }

    /// <summary>What the network was made of.</summary>
    public ResNetOptions Options { get; }

    /// <summary>Channels in front of the classifier.</summary>
    public int FeatureChannels { get; }

    /// <summary>What <see cref="Features(Tensor, int)"/> gives: the map behind the stem (before the max pool) and one behind each stage.</summary>
    public IReadOnlyList<FeatureTap> Taps { get; }

    /// <summary>The feature maps at all five <see cref="Taps"/> of a backbone.</summary>
    /// <param name="x">[N, channels, H, W].</param>
    /// <returns>Five maps with strides 2, 4, 8, 16, 32 (less in dilated networks).</returns>
    public Tensor[] Features(Tensor x) => Features(x, StageCount);

    /// <summary>The feature maps up to a tap; what lies behind it is not computed.</summary>
    /// <param name="x">[N, channels, H, W].</param>
    /// <param name="last">Number of the last tap: 0 is the stem, 4 the last stage.</param>
    /// <returns>One map for each tap, the stem's first.</returns>
    public Tensor[] Features(Tensor x, int last)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(last);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(last, StageCount);
        CheckInput(x);
        var maps = new Tensor[last + 1];
        maps[0] = RunStem(x);
        if (last == 0)
            return maps;
        var y = _pool?.Forward(maps[0]) ?? maps[0];
        for (int stage = 0; stage < last; stage++)
            maps[stage + 1] = y = _stages[stage].Forward(y);
        return maps;
    }

    /// <summary>Freezes the beginning of the network, for training another head on it: its parameters learn no more, and its batch norms keep
    /// their running statistics in training too. Undone by <see cref="Module.Unfreeze"/> and <see cref="Module.FreezeStatistics"/>.</summary>
    /// <param name="parts">How many parts: 1 is the stem, 2 the stem and the first stage, 5 all but the head.</param>
    public void FreezeFirst(int parts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(parts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, StageCount + 1);
        IEnumerable<Module> beginning = parts == 0 ? [] : [.. _stem, .. _stages.Take(parts - 1)];
        foreach (var part in beginning)
        {
            part.Freeze();
            part.FreezeStatistics();
        }
    }

    private Tensor RunStem(Tensor x)
    {
        foreach (var part in _stem.AsSpan(..^1))
            x = part.Forward(x);
        return _stem[^1] is BatchNorm2d norm ? norm.Forward(x, Options.Activation) : _stem[^1].Forward(x).Activate(Options.Activation);
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        var y = Features(x)[4];
        y = (_finalConvolution?.Forward(y) ?? y).Mean([2, 3]);
        if (_dropout is not null)
            y = _dropout.Forward(y);
        return _classifier?.Forward(y) ?? y;
    }

    private static Sequential CreateStage(ResNetOptions options, int stage, ref int channels)
    {
        int planes = options.Planes[stage];
        // Stage s would bring the output stride to 4·2^s; beyond the wanted one it dilates instead of striding.
        int ideal = 4 << stage;
        bool dilated = ideal > options.OutputStride;
        int stageDilation = dilated ? ideal / options.OutputStride : 1;
        int stride = stage == 0 ? options.FirstStride : dilated ? 1 : 2;
        // The first block sees the still undilated map: half the stage's dilation.
        int firstDilation = Math.Max(1, stageDilation / 2);
        var blocks = new Module[options.Depths[stage]];
        for (int i = 0; i < blocks.Length; i++)
        {
            var place = i == 0
                ? new BlockPlace(channels, planes, stride, firstDilation, stageDilation, IsFirst: stage > 0)
                : new BlockPlace(channels, planes, Dilation: stageDilation, StageDilation: stageDilation);
            var ofBlock = options with
            {
                Attention = options.Attention.OfBlock(stage, i, isLast: i == blocks.Length - 1),
                Deformation = options.Deformation is { } deformation && deformation.Stages.Contains(stage) ? deformation : null,
                DropPath = options.DropPath * (options.Depths.Take(stage).Sum() + i) / Math.Max(1, options.Depths.Sum() - 1),
                DropBlock = stage < 2 ? -1 : options.DropBlock,
            };
            blocks[i] = options.Block == BlockKind.Basic ? new BasicBlock(ofBlock, place) : new Bottleneck(ofBlock, place);
            channels = planes * options.Expansion;
        }

        return new Sequential(blocks);
    }

    private void AddStages()
    {
        if (Options.Keys == KeyStyle.Numbered)
        {
            Child("stages", new Sequential(_stages));
            return;
        }

        for (int stage = 0; stage < 4; stage++)
            Child(string.Create(CultureInfo.InvariantCulture, $"layer{stage + 1}"), _stages[stage]);
    }

    private Module AddClassifier(Linear classifier) => Options.Keys switch
    {
        KeyStyle.Original => Child("last_linear", classifier),
        KeyStyle.Numbered => Child<Module>("head", new Sequential { { "fc", classifier } }),
        _ => Child("fc", classifier),
    };

    private void CheckInput(Tensor x)
    {
        if (x.Shape.Rank != 4 || x.Shape[1] != Options.InputChannels)
            throw new ShapeException($"resnet: the input must be [N, {Options.InputChannels}, H, W], got {x.Spec}");
    }
}
