using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Times of kernels by the device's own clock.</summary>
[TestFixture]
public sealed class ProfileTests
{
    private static IlgpuBackend Backend => (IlgpuBackend)BackendRegistry.Get("ilgpu-cpu");

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [Test]
    public void Profile_OfSomeOperators_NamesTheirKernelsCountsAndCosts()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(2, [64], DType.F32, "ilgpu-cpu");
        using var profile = Backend.StartProfile();
        for (int i = 0; i < 3; i++)
            _ = (x + x).Relu();
        float[] back = x.ToArray<float>();

        var rows = profile.Read().ToDictionary(row => row.Name);
        Assert.That(back[0], Is.EqualTo(2));
        Assert.That(rows.Keys, Is.EquivalentTo(new[] { "binary.add", "unary.relu", "memory.download" }));
        Assert.That(rows["binary.add"].Launches, Is.EqualTo(3));
        Assert.That(rows["binary.add"].Cost, Is.EqualTo(new OpCost(3 * 64, 3 * 2 * 256, 3 * 256)));
        Assert.That(rows["memory.download"].Cost, Is.EqualTo(default(OpCost)));
        Assert.That(rows.Values.Select(row => row.Seconds), Has.All.GreaterThan(0).And.All.LessThan(60));
        Assert.That(rows["binary.add"].GigabytesPerSecond, Is.EqualTo(3 * 3 * 256 / rows["binary.add"].Seconds * 1e-9).Within(1e-9));
    }

    [Test]
    public void Profiles_ThatOverlap_EachSeeWhatRunsMeanwhile()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(2, [8], DType.F32, "ilgpu-cpu");
        using var outer = Backend.StartProfile();
        _ = x.Relu();
        using (var inner = Backend.StartProfile())
        {
            _ = x + x;
            Assert.That(inner.Read().Select(row => row.Name), Is.EqualTo(new[] { "binary.add" }));
        }

        _ = x * x;
        Assert.That(outer.Read().Select(row => row.Name), Is.EquivalentTo(new[] { "unary.relu", "binary.add", "binary.multiply" }));
        outer.Dispose();
        Assert.That(Backend.Queue.IsProfiled, Is.False);
    }

    [Test]
    public void Trace_OfAnOperatorWithItsTime_NamesTheKernelAndIsSilentAfterwards()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(2, [8], DType.F32, "ilgpu-cpu");
        using var lines = new StringWriter();
        var before = Console.Error;
        Console.SetError(lines);
        try
        {
            using var trace = EngineSettings.WithTrace(2);
            _ = x.Relu();
        }
        finally
        {
            Console.SetError(before);
        }

        Assert.That(lines.ToString(), Does.Contain("unary.relu]").And.Contain(" us, "));
        Assert.That(Backend.Queue.IsProfiled, Is.False);
    }

    [Test]
    public void SessionProfile_OnASimulatedDevice_TimesEveryStep()
    {
        using var net = new ResNet(new ResNetOptions { Depths = [1, 1, 1, 1], Planes = [8, 8, 8, 8], Stem = StemKind.Deep, StemWidth = 8, Radix = 2, Classes = 3 });
        net.MaterializeEmpty("ilgpu-cpu");
        GoldenWeights.Fill(net);
        net.Eval();
        using var session = InferenceSession.Compile(net, new TensorSpec([1, 3, 32, 32], DType.F32), new InferenceOptions { Device = "ilgpu-cpu" });
        var times = session.Profile(runs: 1);
        Assert.That(times.Select(time => time.Milliseconds), Has.All.GreaterThan(0));
        Assert.That(times.SelectMany(time => time.Kernels), Has.Some.StartsWith("conv.fused."));
    }

    [Test]
    public void MeasurePeakFlops_OfADeviceWithoutTensorCores_SaysSo()
    {
        Assert.That(Backend.MeasurePeakFlops(GpuPrecision.F32), Is.GreaterThan(0));
        Assert.That(() => Backend.MeasurePeakFlops(GpuPrecision.F16), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("ilgpu-cpu"));
    }
}
