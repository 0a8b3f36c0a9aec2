using System.Text.Json;
using NUnit.Framework;
using ResNeSt.Conformance;
using ResNeSt.Tensors;
using ResNeSt.Training;

namespace ResNeSt.Models.Tests;

/// <summary>Three steps of training against the losses, gradients and logits of the published implementation, on any device.</summary>
/// <remarks>The tests of other backends compile this file too.</remarks>
internal static class GoldenTrainRun
{
    /// <summary>The names of the runs.</summary>
    public static IEnumerable<string> Names() => TestData.Json("golden", "train3.json").EnumerateObject().Select(run => run.Name);

    /// <summary>Trains three steps and compares losses, logits and gradients; in double precision also what is left after them.</summary>
    /// <param name="name">The run.</param>
    /// <param name="device">The device.</param>
    /// <param name="dtype">Type of parameters and pictures.</param>
    /// <param name="normsOnly">Of gradients compare norms alone: rounding in another order of summation makes values cross zero in front of a ReLU, and
    /// single elements change by a few hundredths (docs/numerics.md, "Gradients jump").</param>
    public static void Check(string name, Device device, DType dtype, bool normsOnly = false)
    {
        bool isDouble = dtype == DType.F64;
        var known = TestData.Json("golden", "train3.json").GetProperty(name);
        var config = known.GetProperty("config");
        var sgd = known.GetProperty("sgd");
        var failures = new List<string>();
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
        model.MaterializeEmpty(device, dtype);
        GoldenWeights.Fill(model);
        model.Train();
        var shape = Shape.Create(Ints(known.GetProperty("input")));
        var x = Tensor.FromDoubles(GoldenWeights.Values("input", shape), new TensorSpec(shape, dtype), device);
        long[] labels = [.. known.GetProperty("targets").EnumerateArray().Select(label => label.GetInt64())];
        var targets = Tensor.FromArray(labels, [labels.Length], device);
        double[] losses = Doubles(known.GetProperty("losses"));
        using var optimizer = new Sgd(model.NamedParameters().Select(entry => entry.Parameter), sgd.GetProperty("lr").GetDouble(), sgd.GetProperty("momentum").GetDouble(), sgd.GetProperty("wd_all").GetDouble());

        for (int step = 0; step < losses.Length; step++)
        {
            using var inner = new TensorScope();
            var logits = model.Forward(x);
            var loss = logits.CrossEntropy(targets, labelSmoothing: known.GetProperty("label_smoothing").GetDouble());
            double lossBound = isDouble ? 1e-8 * Math.Max(1, losses[step]) : losses[step] * (step == 0 ? 1e-5 : step == 1 ? 5e-3 : 3e-2);
            double difference = Math.Abs(loss.Item() - losses[step]);
            if (!(difference <= lossBound))
                failures.Add($"loss of step {step}: {loss.Item():g12}, known {losses[step]:g12}, bound {lossBound:g2}");
            loss.Backward();
            if (step == 0)
            {
                double[] first = Doubles(known.GetProperty("logits_step0"));
                GoldenTolerance.CheckValues("logits", logits.ToDoubles(), first, 1, dtype, failures);
                CheckGradients(model, known.GetProperty("grads_step0"), dtype, normsOnly, failures);
            }

            optimizer.Step();
            optimizer.ClearGrads();
        }

        if (isDouble)
            CheckFinalState(model, x, known, failures);
        Assert.That(failures, Is.Empty, string.Join("\n", failures));
    }

    private static void CheckGradients(ResNet model, JsonElement known, DType dtype, bool normsOnly, List<string> failures)
    {
        var gradients = model.NamedParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter.Value.Grad!.ToDoubles());
        double largest = gradients.Values.Max(values => GoldenTolerance.Norm(values));
        int checkedCount = 0;
        foreach (var entry in known.EnumerateObject())
        {
            checkedCount++;
            var actual = gradients[entry.Name];
            double norm = entry.Value.GetProperty("l2").GetDouble();
            if (GoldenZeroGradients.Contains(model, entry.Name))
            {
                double bound = (dtype == DType.F64 ? 1e-10 : 1e-4) * Math.Max(1, largest);
                double worst = actual.Max(Math.Abs);
                if (!(worst <= bound))
                    failures.Add($"{entry.Name}: gradient {worst:g3} should vanish, bound {bound:g2}");
                continue;
            }

            if (normsOnly)
            {
                GoldenTolerance.CheckNorm(entry.Name, actual, norm, 1e-3, 1e-4 * largest, failures);
                continue;
            }

            GoldenTolerance.CheckGradient(entry.Name, actual, Doubles(entry.Value.GetProperty("first3")), norm, dtype, failures);
            GoldenTolerance.CheckNorm(entry.Name, actual, norm, dtype == DType.F64 ? 1e-8 : 1e-3, dtype == DType.F64 ? 1e-8 : 0, failures);
        }

        Assert.That(checkedCount, Is.GreaterThan(0));
    }

    private static void CheckFinalState(ResNet model, Tensor x, JsonElement known, List<string> failures)
    {
        foreach (var running in known.GetProperty("bn1_running_after3").EnumerateObject())
        {
            var actual = model.NamedState().Single(entry => entry.Name == running.Name).State.Value.ToDoubles();
            GoldenTolerance.CheckValues(running.Name, actual, Doubles(running.Value), 1, DType.F64, failures);
        }

        model.Eval();
        using var off = GradMode.Off();
        double[] expected = Doubles(known.GetProperty("eval_logits_after3"));
        double[] logits = model.Forward(x).ToDoubles();
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs(logits[i] - expected[i]);
            if (!(difference <= 1e-7))
                failures.Add($"evaluation logit {i} after three steps: {logits[i]:g12}, known {expected[i]:g12}");
        }
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];
}
