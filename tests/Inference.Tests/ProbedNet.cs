using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Inference.Tests;

/// <summary>A network with a probe between its two convolutions.</summary>
internal sealed class ProbedNet : Module
{
    private readonly Conv2d _first;
    private readonly Conv2d _second;

    public ProbedNet()
    {
        _first = Child("first", new Conv2d(3, 16, 3, padding: 1));
        _second = Child("second", new Conv2d(16, 16, 3, padding: 1));
    }

    protected override Tensor Compute(Tensor x) => _second.Forward(OpDispatcher.Run(new ProbeOp(), _first.Forward(x))[0]);
}
