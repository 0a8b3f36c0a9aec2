using System.Text;
using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Models;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>Fifty steps of training beside PyTorch's in float64; Golden/make_lockstep.py wrote its losses.</summary>
public sealed class LockstepTests
{
    private static readonly JsonElement Known =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(TestData.RepositoryRoot, "tests", "Training.Tests", "Golden", "lockstep.json"))).RootElement;

    private static IEnumerable<string> Names() => Known.GetProperty("runs").EnumerateObject().Select(run => run.Name);

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(Names))]
    public void TenSteps_InDoublePrecision_FollowPyTorch(string name) => CheckDouble(name, 10);

    [TestCaseSource(nameof(Names))]
    [Category("Long")]
    public void FiftySteps_InDoublePrecision_FollowPyTorch(string name) => CheckDouble(name, 50);

    [TestCaseSource(nameof(Names))]
    public void TenSteps_InSinglePrecision_FollowPyTorch(string name)
    {
        double[] known = Losses(name), losses = Run(name, 10, Device.Cpu, DType.F32);
        for (int step = 0; step < losses.Length; step++)
            Assert.That(losses[step], Is.EqualTo(known[step]).Within(1e-3 * Math.Max(1, known[step])), $"step {step}");
    }

    [TestCaseSource(nameof(Names))]
    public void FiftySteps_InSinglePrecision_EndWhereItEnds(string name)
    {
        double[] known = Losses(name), losses = Run(name, 50, Device.Cpu, DType.F32);
        Assert.That(losses[40..].Average(), Is.EqualTo(known[40..].Average()).Within(5).Percent);
    }

    private static void CheckDouble(string name, int steps)
    {
        double[] known = Losses(name), losses = Run(name, steps, Device.Reference, DType.F64);
        for (int step = 0; step < losses.Length; step++)
            Assert.That(losses[step], Is.EqualTo(known[step]).Within(step < 10 ? 1e-8 : 1e-4), $"step {step}");
    }

    private static double[] Run(string name, int steps, Device device, DType dtype)
    {
        var config = Known.GetProperty("runs").GetProperty(name).GetProperty("config");
        int batch = Known.GetProperty("batch").GetInt32(), size = Known.GetProperty("size").GetInt32(), classes = Known.GetProperty("classes").GetInt32();
        using var scope = new TensorScope();
        using var model = new ResNet(new ResNetOptions
        {
            Depths = Ints(config.GetProperty("layers")),
            Planes = Ints(config.GetProperty("planes")),
            Stem = StemKind.Small,
            StemPool = StemPool.None,
            StemWidth = config.GetProperty("stem").GetInt32(),
            Shortcut = ShortcutKind.AverageDown,
            AverageDown = true,
            Radix = config.GetProperty("radix").GetInt32(),
            Cardinality = config.GetProperty("groups").GetInt32(),
            BottleneckWidth = config.GetProperty("width").GetInt32(),
            Classes = classes,
        });
        model.MaterializeEmpty(device, dtype);
        GoldenWeights.Fill(model);
        model.Train();
        using var sgd = new Sgd(TrainedParameter.Of(model, DecayScope.Matrices), Known.GetProperty("lr").GetDouble(),
            Known.GetProperty("momentum").GetDouble(), Known.GetProperty("weight_decay").GetDouble(), Known.GetProperty("nesterov").GetBoolean());
        var losses = new double[steps];
        for (int step = 0; step < steps; step++)
        {
            using var inner = new TensorScope();
            int which = step % 4;
            Shape shape = [batch, 3, size, size];
            var x = Tensor.FromDoubles(Generated($"batch{which}", shape), new TensorSpec(shape, dtype), device);
            long[] labels = [.. Enumerable.Range(0, batch).Select(i => (which * batch + i) * 7L % classes)];
            var loss = model.Forward(x).CrossEntropy(Tensor.FromArray(labels, [batch], device), labelSmoothing: Known.GetProperty("label_smoothing").GetDouble());
            losses[step] = loss.Item();
            loss.Backward();
            sgd.Step();
            sgd.ClearGrads();
        }

        return losses;
    }

    /// <summary>Uniform in ±1 from the name's FNV-1a hash, rounded once to single precision, as the script makes it.</summary>
    private static double[] Generated(string key, Shape shape)
    {
        ulong seed = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(key))
            seed = (seed ^ b) * 1099511628211;
        var values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(2 * Generator.UniformAt(seed, (ulong)i) - 1);
        return values;
    }

    private static double[] Losses(string name) => [.. Known.GetProperty("runs").GetProperty(name).GetProperty("losses").EnumerateArray().Select(value => value.GetDouble())];

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];
}
