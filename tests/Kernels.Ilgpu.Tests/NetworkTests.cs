using ResNeSt.Nn;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>A whole small ResNeSt forward and backward through the kernels that a GPU would run, against double precision.</summary>
[TestFixture]
public sealed class NetworkTests
{
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
            double size = SmallResNeSt.Size(values), distance = SmallResNeSt.Distance(values, actual[name]);
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
        using var net = SmallResNeSt.Create(SmallResNeSt.Options(8, 16, 24, 32), device, dtype);
        var x = SmallResNeSt.InputOn(device, dtype, SmallResNeSt.Input.Shape);
        var results = new Dictionary<string, double[]>();
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
