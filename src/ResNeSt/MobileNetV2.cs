using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>The network of inverted residuals: narrow maps between blocks, wide depthwise convolutions inside them.</summary>
/// <remarks>Input [N, channels, H, W]; output [N, classes]. Source: Sandler et al. 2018, arXiv:1801.04381. Keys as in torchvision
/// (features, classifier.1) or in timm (conv_stem, blocks, conv_head, classifier).</remarks>
public sealed class MobileNetV2 : Module
{
    /// <summary>Expansion, output channels, blocks and first stride of each stage.</summary>
    private static readonly (int Expansion, int Channels, int Blocks, int Stride)[] Stages =
    [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ];

    private const int StemChannels = 32;
    private const int HeadChannels = 1280;

    private readonly List<Module> _features = [];
    private readonly Dropout _dropout;
    private readonly Linear? _classifier;

    /// <summary>Declares the network; <see cref="Module.Materialize"/> gives it memory.</summary>
    public MobileNetV2(MobileNetV2Options options)
    {
        Options = options;
        if (options.InputChannels < 1 || options.Classes < 0 || options.Dropout is not (>= 0 and < 1))
            throw new ShapeException($"mobilenet_v2: {options.InputChannels} input channels, {options.Classes} classes or dropout {options.Dropout} make no network");
        _dropout = new Dropout(options.Dropout, new Generator(options.DropoutSeed));
        if (options.Classes > 0)
        {
            _classifier = new Linear(HeadChannels, options.Classes);
            _classifier.Weight.Initializer = Init.Normal(0.01);
            _classifier.Bias!.Initializer = Init.Zeros;
        }

        if (options.TimmKeys)
            AddTimm();
        else
            AddTorchvision();
    }

    /// <summary>What the network was made of.</summary>
    public MobileNetV2Options Options { get; }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        if (x.Shape.Rank != 4 || x.Shape[1] != Options.InputChannels)
            throw new ShapeException($"mobilenet_v2: the input must be [N, {Options.InputChannels}, H, W], got {x.Spec}");
        var y = _dropout.Forward(_features.Aggregate(x, (map, part) => part.Forward(map)).Mean([2, 3]));
        return _classifier?.Forward(y) ?? y;
    }

    /// <summary>Convolution, norm, ReLU6, all in one sequence.</summary>
    internal static Sequential Unit(Conv2d conv) => new(conv, Layer.Norm(conv.OutputChannels), new Relu6());

    private void AddTorchvision()
    {
        var features = new Sequential { Unit(StemConvolution()) };
        foreach (var block in Stages.SelectMany(Blocks))
            features.Add(block);
        features.Add(Unit(HeadConvolution()));
        _features.Add(Child("features", features));
        var head = new Sequential { _dropout };
        if (_classifier is not null)
            head.Add(_classifier);
        Child("classifier", head);
    }

    private void AddTimm()
    {
        _features.Add(Child("conv_stem", StemConvolution()));
        _features.Add(Child("bn1", Layer.Norm(StemChannels)));
        _features.Add(new Relu6());
        _features.Add(Child("blocks", new Sequential([.. Stages.Select((stage, index) => new Sequential([.. Blocks(stage, index)]))])));
        _features.Add(Child("conv_head", HeadConvolution()));
        _features.Add(Child("bn2", Layer.Norm(HeadChannels)));
        _features.Add(new Relu6());
        // Without a child's name the switch to evaluation would not reach it.
        Child("drop", _dropout);
        if (_classifier is not null)
            Child("classifier", _classifier);
    }

    private Conv2d StemConvolution() => Layer.Conv(Options.InputChannels, StemChannels, kernel: 3, stride: 2, padding: 1);

    private static Conv2d HeadConvolution() => Layer.Conv(Stages[^1].Channels, HeadChannels, kernel: 1);

    private IEnumerable<Module> Blocks((int Expansion, int Channels, int Blocks, int Stride) stage, int index)
    {
        int inputs = index == 0 ? StemChannels : Stages[index - 1].Channels;
        for (int i = 0; i < stage.Blocks; i++)
        {
            yield return new InvertedResidual(i == 0 ? inputs : stage.Channels, stage.Channels, i == 0 ? stage.Stride : 1, stage.Expansion,
                Options.SelectiveKernels, Options.TimmKeys);
        }
    }
}
