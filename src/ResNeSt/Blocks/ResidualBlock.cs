using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>What bottlenecks and basic blocks share: attention, shortcut, addition and activation, and the keys of their parts.</summary>
public abstract class ResidualBlock : Module
{
    private readonly ResNetOptions _options;
    private readonly BlockPlace _place;
    private readonly AttentionOptions _attention;
    private readonly int _outputChannels;
    private Module? _onInput;
    private Module? _onResidual;
    private Module? _shortcut;
    private Module? _dropPath;

    private protected ResidualBlock(ResNetOptions options, BlockPlace place)
    {
        _options = options;
        _place = place;
        _attention = options.Attention;
        _outputChannels = place.Planes * options.Expansion;
        if (options.Keys == KeyStyle.Numbered)
            AddShortcut("shortcut");
    }

    /// <inheritdoc/>
    protected sealed override Tensor Compute(Tensor x)
    {
        var input = _onInput?.Forward(x) ?? x;
        var residual = Residual(input);
        residual = _onResidual?.Forward(residual) ?? residual;
        residual = _dropPath?.Forward(residual) ?? residual;
        return (residual + (_shortcut?.Forward(input) ?? input)).Activate(_options.Activation);
    }

    /// <summary>The convolutions, up to the last norm.</summary>
    private protected abstract Tensor Residual(Tensor x);

    /// <summary>A convolution with its norm under the keys of the network.</summary>
    private protected ConvNorm AddConvolution(int number, Conv2d conv, BatchNorm2d norm, Activation activation) =>
        AddConvolution(number, conv, norm, activation, conv.Weight.Shape[2]);

    private ConvNorm AddConvolution(int number, Module conv, BatchNorm2d norm, Activation activation, int kernel)
    {
        string key = Key(number, kernel);
        return _options.Keys is KeyStyle.Paired or KeyStyle.Numbered
            ? new ConvNorm(Child(key, new Sequential { { "conv", conv }, { "bn", norm } }), null, activation)
            : new ConvNorm(Child(key, conv), Child(string.Create(CultureInfo.InvariantCulture, $"bn{number}"), norm), activation);
    }

    /// <summary>The 3×3 convolution that steps and dilates, or the attention that stands for it.</summary>
    private protected ConvNorm AddSpatialConvolution(int number, int inputChannels, int channels, int stride)
    {
        int dilation = _place.Dilation;
        string key = Key(number, 3);
        if (_attention.IsContextual)
        {
            ContextualAttention context = _attention.Kind == AttentionKind.ContextualTransformer ? new ContextualTransformer(channels) : new ContextualExtension(channels);
            return new ConvNorm(Child(key, context), null, Activation.None);
        }

        var offsets = AddOffsets(key, inputChannels, stride);
        if (_options.Radix >= 1)
        {
            var split = new SplitAttention(inputChannels, channels, kernel: 3, stride, dilation, dilation, _options.Radix, _options.Cardinality,
                activation: _options.SplitActivation, deformation: _options.Deformation, offsets: offsets, dropBlock: _options.DropBlock);
            return new ConvNorm(Child(key, split), null, Activation.None);
        }

        int groups = _options.Groups(channels);
        if (_attention.Kind == AttentionKind.SelectiveKernel)
        {
            var select = new SelectiveKernel(inputChannels, channels, _attention.Hidden(channels), stride, dilation, groups, splitInput: _attention.SplitInput);
            return new ConvNorm(Child(key, select), null, Activation.None);
        }

        return AddConvolution(number, Layer.Deformable(inputChannels, channels, kernel: 3, stride, dilation, dilation, groups, _options.Deformation, offsets),
            Layer.Norm(channels), _options.Activation, kernel: 3);
    }

    /// <summary>What moves the taps of a deformable 3×3 convolution, where there is one.</summary>
    private Conv2d? AddOffsets(string key, int inputChannels, int stride) => _options.Deformation is not { } deformation
        ? null
        : Child($"{key}_offset", DeformConv2d.Offsets(
            inputChannels, kernel: 3, ConvGeometry.Of(stride, _place.Dilation, _place.Dilation), deformation.OffsetGroups, deformation.Masked, groups: deformation.OffsetGroups));

    /// <summary>The attention of a place in the block, if it stands there.</summary>
    private protected Module? AddAttention(AttentionPlace place, int channels) =>
        _attention.Kind == AttentionKind.None || _attention.ReplacesConvolution || _attention.Place != place
            ? null
            : Child(_attention.Key, AttentionFactory.Create(_attention, channels, _options.Keys));

    /// <summary>Adds what stands around the convolutions, in the order of the published weights.</summary>
    private protected void AddSurroundings()
    {
        if (_options.Keys != KeyStyle.Numbered && _attention.IsRegisteredLast)
            AddShortcut("downsample");
        _onInput = AddAttention(AttentionPlace.Input, _place.InputChannels);
        _onResidual = AddAttention(AttentionPlace.Residual, _outputChannels);
        if (_options.Keys != KeyStyle.Numbered && !_attention.IsRegisteredLast)
            AddShortcut("downsample");
        if (_options.DropPath > 0)
            _dropPath = Child("drop_path", new DropPath(_options.DropPath));
    }

    /// <summary>DropBlock in front of an activation, if the network has it here.</summary>
    private protected Module? AddDropBlock(int number) => _options.DropBlock >= 0
        ? Child(string.Create(CultureInfo.InvariantCulture, $"dropblock{number}"), new DropBlock2d(_options.DropBlock))
        : null;

    private void AddShortcut(string key)
    {
        if (_place.Stride != 1 || _place.InputChannels != _outputChannels)
            _shortcut = Child(key, Shortcut.Create(_options, _place, _outputChannels));
    }

    private string Key(int number, int kernel) => (_options.Keys, kernel) switch
    {
        (KeyStyle.Numbered, 1) => string.Create(CultureInfo.InvariantCulture, $"conv{number}_1x1"),
        (KeyStyle.Numbered, _) => string.Create(CultureInfo.InvariantCulture, $"conv{number}_kxk"),
        _ => string.Create(CultureInfo.InvariantCulture, $"conv{number}"),
    };
}
