using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>The residual skeleton of the whole family: stem, max pool, four stages, global average pool, classifier.</summary>
/// <remarks>Input [N, channels, H, W]; output [N, classes]. Keys: conv1, bn1, layer1 … layer4, fc, or those of another <see cref="KeyStyle"/>.</remarks>
public sealed class ResNet : Module
{
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
        for (int stage = 0; stage < 4; stage++)
            _stages[stage] = CreateStage(options, stage, ref channels);
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

    /// <summary>The feature maps at the taps of a backbone: behind the stem (before the max pool) and behind each stage.</summary>
    /// <param name="x">[N, channels, H, W].</param>
    /// <returns>Five maps with strides 2, 4, 8, 16, 32 (less in dilated networks).</returns>
    public Tensor[] Features(Tensor x)
    {
        CheckInput(x);
        var maps = new Tensor[5];
        maps[0] = _stem.Aggregate(x, (map, part) => part.Forward(map)).Activate(Options.Activation);
        var y = _pool?.Forward(maps[0]) ?? maps[0];
        for (int stage = 0; stage < 4; stage++)
            maps[stage + 1] = y = _stages[stage].Forward(y);
        return maps;
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
