using ResNeSt.Models;
using ResNeSt.Nn;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>A whole small ResNeSt forward and backward through the kernels that a GPU would run, against double precision.</summary>
[TestFixture]
public sealed class NetworkTests
{
    private static readonly ResNetOptions Options = new()
    {
        Depths = [1, 1, 1, 1], Planes = [8, 16, 24, 32], Stem = StemKind.Deep, StemWidth = 8, Shortcut = ShortcutKind.AverageDown,
        Radix = 2, AverageDown = true, Classes = 10,
    };

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [TestCase("ilgpu-cpu")]
    [TestCase("ilgpu-cpu:1", Category = "Long")]
    public void SmallResNeSt_ForwardAndBackward_MatchesDoublePrecision(string device)
    {
        var expected = Run(Device.Reference, DType.F64);
        var actual = Run(device, DType.F32);
        var failures = new List<string>();
        double largest = expected.Values.Max(values => values.Max(Math.Abs));
        foreach (var (name, values) in expected)
        {
            double size = Math.Sqrt(values.Sum(value => value * value));
            double distance = Math.Sqrt(values.Zip(actual[name], (a, b) => (a - b) * (a - b)).Sum());
            // Batch norm over the two values of this batch magnifies rounding in training mode; the gradients of the biases in front of it
            // vanish and what is left is the rounding of much larger terms.
            double bound = name == "logits" ? 1e-5 * Math.Max(1, size) : Math.Max(2e-3 * Math.Max(1, size), 1e-4 * largest);
            if (!(distance <= bound))
                failures.Add($"{name}: off by {distance:g3} of {size:g3}, allowed {bound:g2}");
        }

        Assert.That(failures, Is.Empty);
    }

    private static Dictionary<string, double[]> Run(Device device, DType dtype)
    {
        using var scope = new TensorScope();
        using var net = new ResNet(Options);
        net.MaterializeEmpty(device, dtype);
        GoldenWeights.Fill(net);
        Shape shape = [2, 3, 32, 32];
        var x = Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, dtype), device);
        var results = new Dictionary<string, double[]>();
        net.Eval();
        using (GradMode.Off())
            results.Add("logits", net.Forward(x).ToDoubles());
        net.Train();
        x.RequiresGrad = true;
        var loss = net.Forward(x).CrossEntropy(Tensor.FromDoubles([3, 7], new TensorSpec([2], DType.I64), device), labelSmoothing: 0.1);
        results.Add("loss", loss.ToDoubles());
        loss.Backward();
        results.Add("input gradient", x.Grad!.ToDoubles());
        foreach (var (name, parameter) in net.NamedParameters())
            results.Add(name, parameter.Value.Grad!.ToDoubles());
        return results;
    }
}
