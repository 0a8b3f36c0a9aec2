using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Layer norm over the channels of a map of one position, with γ and β of shape [C, 1, 1] or, in timm's form, [C].</summary>
internal sealed class ContextNorm : Module
{
    private readonly Shape _channels;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly double _epsilon;

    public ContextNorm(int channels, bool flat)
    {
        _channels = [channels, 1, 1];
        _epsilon = flat ? 1e-6 : 1e-5;
        _weight = AddParameter("weight", flat ? [channels] : _channels, Init.Ones);
        _bias = AddParameter("bias", flat ? [channels] : _channels, Init.Zeros);
    }

    protected override Tensor Compute(Tensor x) =>
        x.LayerNorm(3, _weight.For(x).Reshape(_channels), _bias.For(x).Reshape(_channels), _epsilon);
}
