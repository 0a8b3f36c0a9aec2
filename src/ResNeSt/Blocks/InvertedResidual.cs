using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>1×1 to a wide map, 3×3 depthwise, 1×1 back to a narrow one without activation, added to the input where shapes agree.</summary>
/// <remarks>Source: Sandler et al. 2018, arXiv:1801.04381. Keys of torchvision: conv.0.0, conv.0.1, …; of timm: conv_pw, bn1, conv_dw, bn2,
/// conv_pwl, bn3.</remarks>
internal sealed class InvertedResidual : Module
{
    private readonly List<Module> _parts = [];
    private readonly bool _adds;

    public InvertedResidual(int inputChannels, int channels, int stride, int expansion, bool selectiveKernels, bool timmKeys)
    {
        int wide = inputChannels * expansion;
        _adds = stride == 1 && inputChannels == channels;
        var expand = expansion == 1 ? null : Layer.Conv(inputChannels, wide, kernel: 1);
        Module depthwise = selectiveKernels
            ? new SelectiveKernel(wide, wide, hidden: Math.Max(wide / 16, 32), stride, groups: wide)
            : Layer.Conv(wide, wide, kernel: 3, stride, padding: 1, groups: wide);
        var project = Layer.Conv(wide, channels, kernel: 1);
        if (timmKeys)
            AddTimm(expand, depthwise, project);
        else
            AddTorchvision(expand, depthwise, project);
    }

    protected override Tensor Compute(Tensor x)
    {
        var y = _parts.Aggregate(x, (map, part) => part.Forward(map));
        return _adds ? x + y : y;
    }

    private void AddTorchvision(Conv2d? expand, Module depthwise, Conv2d project)
    {
        var parts = new Sequential();
        if (expand is not null)
            parts.Add(MobileNetV2.Unit(expand));
        parts.Add(depthwise is Conv2d conv ? MobileNetV2.Unit(conv) : depthwise);
        parts.Add(project);
        parts.Add(Layer.Norm(project.OutputChannels));
        _parts.Add(Child("conv", parts));
    }

    private void AddTimm(Conv2d? expand, Module depthwise, Conv2d project)
    {
        int norms = 0;
        if (expand is not null)
            Add("conv_pw", expand, activates: true);
        Add("conv_dw", depthwise, activates: true);
        // Without a first convolution the last one is the only pointwise one, and takes its name.
        Add(expand is null ? "conv_pw" : "conv_pwl", project, activates: false);

        void Add(string key, Module module, bool activates)
        {
            _parts.Add(Child(key, module));
            if (module is not Conv2d conv)
                return;
            _parts.Add(Child(string.Create(CultureInfo.InvariantCulture, $"bn{++norms}"), Layer.Norm(conv.OutputChannels)));
            if (activates)
                _parts.Add(new Relu6());
        }
    }
}
