using System.Text.Json;
using ResNeSt.Models;
using ResNeSt.Tensors.Backends;
using ResNeSt.Training;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Three training steps on a simulated device against the losses and gradients of the published implementation.</summary>
[TestFixture, Category("Long")]
public sealed class GoldenTrainTests
{
    private static IEnumerable<string> Names() => TestData.Json("golden", "train3.json").EnumerateObject().Select(run => run.Name);

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [TestCaseSource(nameof(Names))]
    public void ThreeSteps_FollowThePublishedRun(string name)
    {
        // Products without barriers: with them these networks would take an hour on threads of the host. NetworkTests has the tiles.
        var queue = ((IlgpuBackend)BackendRegistry.Get("ilgpu-cpu")).Queue;
        queue.ForcedVariant = GemmVariant.Direct;
        try
        {
            Check(TestData.Json("golden", "train3.json").GetProperty(name), "ilgpu-cpu");
        }
        finally
        {
            queue.ForcedVariant = GemmVariant.Automatic;
        }
    }

    private static void Check(JsonElement known, Device device)
    {
        var (config, sgd) = (known.GetProperty("config"), known.GetProperty("sgd"));
        using var scope = new TensorScope();
        using var model = new ResNet(new ResNetOptions
        {
            Depths = Ints(known.GetProperty("layers")),
            Stem = StemKind.Deep,
            StemWidth = known.GetProperty("stem_width").GetInt32(),
            Shortcut = ShortcutKind.AverageDown,
            AverageDown = true,
            AverageDownFirst = config.GetProperty("avd_first").GetBoolean(),
            Radix = config.GetProperty("radix").GetInt32(),
            Cardinality = config.GetProperty("groups").GetInt32(),
            BottleneckWidth = config.GetProperty("bottleneck_width").GetInt32(),
            Classes = known.GetProperty("num_classes").GetInt32(),
        });
        model.MaterializeEmpty(device);
        GoldenWeights.Fill(model);
        model.Train();
        var shape = Shape.Create(Ints(known.GetProperty("input")));
        var x = Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, DType.F32), device);
        long[] labels = [.. known.GetProperty("targets").EnumerateArray().Select(label => label.GetInt64())];
        var targets = Tensor.FromArray(labels, [labels.Length], device);
        double[] losses = [.. known.GetProperty("losses").EnumerateArray().Select(loss => loss.GetDouble())];
        using var optimizer = new Sgd(
            model.NamedParameters().Select(entry => entry.Parameter), sgd.GetProperty("lr").GetDouble(), sgd.GetProperty("momentum").GetDouble(), sgd.GetProperty("wd_all").GetDouble());
        for (int step = 0; step < losses.Length; step++)
        {
            using var inner = new TensorScope();
            var loss = model.Forward(x).CrossEntropy(targets, labelSmoothing: known.GetProperty("label_smoothing").GetDouble());
            // Rounding grows from step to step: batch norm over few values magnifies it.
            double bound = losses[step] * (step == 0 ? 1e-5 : step == 1 ? 5e-3 : 3e-2);
            Assert.That(loss.Item(), Is.EqualTo(losses[step]).Within(bound), $"loss of step {step}");
            loss.Backward();
            if (step == 0)
                CheckNorms(model, known.GetProperty("grads_step0"));
            optimizer.Step();
            optimizer.ClearGrads();
        }
    }

    private static void CheckNorms(ResNet model, JsonElement known)
    {
        var norms = model.NamedParameters().ToDictionary(entry => entry.Name, entry => Math.Sqrt(entry.Parameter.Value.Grad!.ToDoubles().Sum(value => value * value)));
        double largest = norms.Values.Max();
        Assert.Multiple(() =>
        {
            // Gradients that vanish in exact arithmetic are left with the rounding of the largest.
            foreach (var entry in known.EnumerateObject())
                Assert.That(norms[entry.Name], Is.EqualTo(entry.Value.GetProperty("l2").GetDouble()).Within(Math.Max(1e-3 * norms[entry.Name], 1e-4 * largest)), entry.Name);
        });
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];
}
