using ResNeSt.Inference;
using ResNeSt.Models;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Compiled sessions on a simulated device: joined operators by their own kernels, memory planned, equal to double precision.</summary>
[TestFixture]
public sealed class SessionTests
{
    private static readonly ResNetOptions Options = new()
    {
        Depths = [1, 1, 1, 1], Planes = [8, 16, 16, 16], Stem = StemKind.Deep, StemWidth = 8, Shortcut = ShortcutKind.AverageDown,
        Radix = 2, AverageDown = true, Classes = 10,
    };

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [Test]
    public void Session_OfASmallResNeSt_MatchesDoublePrecision()
    {
        var input = new TensorSpec([2, 3, 32, 32], DType.F32);
        double[] values = GoldenWeights.Values("input", input.Shape);
        using var scope = new TensorScope();
        double[] expected;
        using (var exact = new ResNet(Options))
        {
            exact.MaterializeEmpty(Device.Reference, DType.F64);
            GoldenWeights.Fill(exact);
            exact.Eval();
            using var off = GradMode.Off();
            expected = exact.Forward(Tensor.FromDoubles(values, new TensorSpec(input.Shape, DType.F64), Device.Reference)).ToDoubles();
        }

        using var net = new ResNet(Options);
        net.MaterializeEmpty("ilgpu-cpu");
        GoldenWeights.Fill(net);
        net.Eval();
        using var session = InferenceSession.Compile(net, input, new InferenceOptions { Device = "ilgpu-cpu" });
        float[] pixels = [.. values.Select(value => (float)value)], output = new float[session.Output.ElementCount], again = new float[output.Length];
        session.Run(pixels, output);
        session.Run(pixels, again);

        double size = Math.Sqrt(expected.Sum(value => value * value));
        double distance = Math.Sqrt(expected.Zip(output, (a, b) => (a - b) * (a - b)).Sum());
        Assert.That(distance, Is.LessThanOrEqualTo(1e-5 * Math.Max(1, size)));
        Assert.That(again, Is.EqualTo(output), "equal bits in a second run");
    }
}
