using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>What only a GPU can tell, on its first one: every case with its real shapes, tensor cores, recorded sessions. Without one, skipped.</summary>
[TestFixture]
public sealed class CudaTests
{
    private const string Cuda = "cuda:0";

    /// <summary>Relative distance of results whose factors were rounded, in the norm: a few units of the format.</summary>
    private static readonly Dictionary<GpuPrecision, double> Bounds = new()
    {
        [GpuPrecision.TF32] = 1e-3, [GpuPrecision.F16] = 1e-3, [GpuPrecision.BF16] = 8e-3,
    };

    // Without a device the other tests say so; not once for each operator.
    private static IEnumerable<string> Operators() => IlgpuDevices.WhyAbsent("cuda") is null ? CaseCatalog.OpNames : [];

    private static IlgpuBackend Backend => (IlgpuBackend)BackendRegistry.Get(Cuda);

    [OneTimeSetUp]
    public void Find()
    {
        IlgpuBackend.Register();
        if (IlgpuDevices.WhyAbsent("cuda") is { } reason)
            Assert.Ignore($"no CUDA device: {reason}");
    }

    [TestCaseSource(nameof(Operators))]
    public void EveryCase_MatchesReference(string op) => Assert.That(new BackendChecks(Cuda).InTwoRuns(CaseCatalog.Of(op)), Is.Empty);

    [Test]
    public void TensorCores_OnRealLayers_StayWithinTheirBounds([Values(GpuPrecision.TF32, GpuPrecision.F16, GpuPrecision.BF16)] GpuPrecision precision)
    {
        if (!Backend.Queue.HasTensorCores)
            Assert.Ignore("the device has no tensor cores of Ampere or later");
        foreach (string op in (string[])["conv2d", "fused_conv2d", "conv2d_input_grad", "conv2d_weight_grad", "mat_mul", "linear"])
        {
            foreach (var opCase in CaseCatalog.Of(op).Where(opCase => opCase.Large))
            {
                var values = CaseRun.InputValues(opCase, DType.F32);
                double[] expected = CaseRun.On(Device.Reference, opCase, DType.F64, values).Outputs[0], actual = With(precision, () => CaseRun.On(Cuda, opCase, DType.F32, values)).Outputs[0];
                double size = Math.Sqrt(expected.Sum(value => value * value)), distance = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (a - b)).Sum());
                Assert.That(distance, Is.LessThanOrEqualTo(Bounds[precision] * size), $"{precision} {opCase}");
            }
        }
    }

    [Test]
    public void PooledSums_OfIntegers_AreExact([Values(GpuPrecision.F32, GpuPrecision.TF32, GpuPrecision.F16)] GpuPrecision precision, [Values] bool largeTiles)
    {
        if (precision != GpuPrecision.F32 && !Backend.Queue.HasTensorCores)
            Assert.Ignore("the device has no tensor cores of Ampere or later");
        PooledSumTests.Check(Cuda, precision, largeTiles, [.. PooledSumTests.TileCases, .. PooledSumTests.LargeCases]);
    }

    [Test]
    public void SessionsOnTensorCores_OfIntegers_AreExact(
        [Values(GpuPrecision.TF32, GpuPrecision.F16)] GpuPrecision precision, [Values] bool largeTiles)
    {
        if (!Backend.Queue.HasTensorCores)
            Assert.Ignore("the device has no tensor cores of Ampere or later");
        MapSessionTests.CheckExact(Cuda, largeTiles ? GemmVariant.Tensor128 : GemmVariant.Tensor64, precision, [.. MapSessionTests.Cases]);
    }

    [Test]
    public void SessionsOnTensorCores_OfASmallResNeSt_MatchDoublePrecision([Values(GpuPrecision.TF32, GpuPrecision.F16, GpuPrecision.BF16)] GpuPrecision precision)
    {
        if (!Backend.Queue.HasTensorCores)
            Assert.Ignore("the device has no tensor cores of Ampere or later");
        MapSessionTests.CheckNetwork(Cuda, GemmVariant.Tensor64, precision);
    }

    [Test]
    public void RecordedSession_GivesTheBitsOfAPlainOne()
    {
        var input = new TensorSpec([2, 3, 224, 224], DType.F32);
        using var net = ModelZoo.Find("resnest50").Create();
        net.MaterializeEmpty(Cuda);
        GoldenWeights.Fill(net);
        net.Eval();
        float[] pixels = [.. GoldenWeights.Values("input", input.Shape).Select(value => (float)value)];
        float[] plain = Run(captured: false), recorded = Run(captured: true);
        Assert.That(recorded, Is.EqualTo(plain));

        float[] Run(bool captured)
        {
            Backend.CaptureGraphs = captured;
            try
            {
                using var session = InferenceSession.Compile(net, input, new InferenceOptions { Device = Cuda });
                var output = new float[session.Output.ElementCount];
                // The third run is the second that launches the recording.
                for (int i = 0; i < 3; i++)
                    session.Run(pixels, output);
                return output;
            }
            finally
            {
                Backend.CaptureGraphs = false;
            }
        }
    }

    private static T With<T>(GpuPrecision precision, Func<T> run)
    {
        Backend.Precision = precision;
        try
        {
            return run();
        }
        finally
        {
            Backend.Precision = GpuPrecision.F32;
        }
    }
}
