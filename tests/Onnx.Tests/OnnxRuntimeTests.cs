using ResNeSt.Models;
using ResNeSt.Peers;

namespace ResNeSt.Onnx.Tests;

/// <summary>The files in ONNX Runtime, where RESNEST_ORT names its library or a folder below which it lies.</summary>
public sealed class OnnxRuntimeTests
{
    private OnnxRuntimeLibrary? _library;

    private static string? Given => Environment.GetEnvironmentVariable("RESNEST_ORT") is { Length: > 0 } given ? given : null;

    // Without the library one test says so, instead of each.
    private static IEnumerable<string> Networks() => Given is null ? [] :
    [
        "resnest14", "resnest50_fast_4s2x40d", "resnest50_dilated8", "timm_skresnet18", "timm_seresnet18", "cbam_resnet18", "gc_resnet50_r16",
        "nl_resnet50", "cotnet50", "torchvision_mobilenet_v2",
    ];

    private static IEnumerable<OpCase> Cases() => Given is null ? [] : CaseCatalog.All.Where(opCase =>
        !opCase.Large && opCase.Op is not InPlaceOp && opCase.Inputs[0].DType == DType.F32 && OnnxExporter.HasForm(opCase.Op, opCase.Specs(DType.F32))
        && opCase.Inputs.All(input => input.Shape.ElementCount > 0) && opCase.Op.Infer(opCase.Specs(DType.F32))[0] is { DType: DType.F32, ElementCount: > 0 });

    [OneTimeSetUp]
    public void LoadLibrary()
    {
        DefaultBackends.Use();
        if (Given is not { } given)
            return;
        string architecture = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        string file = File.Exists(given) ? given
            : Directory.EnumerateFiles(given, "libonnxruntime.so*", SearchOption.AllDirectories).First(path => Path.GetDirectoryName(path)!.EndsWith(architecture, StringComparison.Ordinal));
        _library = new OnnxRuntimeLibrary(file);
    }

    [OneTimeTearDown]
    public void FreeLibrary() => _library?.Dispose();

    [Test]
    public void Library_IsLoaded()
    {
        if (Given is null)
            Assert.Ignore("RESNEST_ORT names no ONNX Runtime library");
        Assert.That(_library, Is.Not.Null);
    }

    [TestCaseSource(nameof(Networks))]
    public void Logits_OfANetwork_AreOurs(string name)
    {
        // An odd size: windows that hang over the edge, and planes that no tile divides.
        const int size = 75;
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        using var model = Exported.Network(name);
        foreach (bool dynamic in (bool[])[false, true])
        {
            byte[] file = Exported.File(model, batch: dynamic ? 3 : 2, size, dynamic);
            Shape shape = [2, 3, size, size];
            float[] input = [.. GoldenWeights.Values("input", shape).Select(value => (float)value)];
            float[] expected = model.Forward(Tensor.FromArray(input, shape)).ToArray<float>();
            float[] actual = Run(file, input, shape, [2, 1000]);
            Assert.That(Distance(actual, expected), Is.LessThan(2e-5), dynamic ? "any batch" : "fixed batch");
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Operator_OnItsCases_IsTheReference(OpCase opCase)
    {
        double[][] values = CaseRun.InputValues(opCase, DType.F32);
        var run = CaseRun.On(Device.Reference, opCase, DType.F32, values);
        using var scope = new TensorScope();
        var specs = opCase.Specs(DType.F32);
        Tensor[] others = [.. values.Skip(1).Select((one, index) => Tensor.FromDoubles(one, specs[index + 1], Device.Reference))];
        byte[] file = Exported.File(Exported.Operator(opCase.Op, specs[0], others));
        float[] actual = Run(file, [.. values[0].Select(value => (float)value)], specs[0].Shape, run.Specs[0].Shape);
        double[] result = [.. actual.Select(value => (double)value)];
        Assert.That(Comparison.Difference(run.Outputs[0], result, Tolerance.For(DType.F32, opCase.Terms) * 4, nanIsAValue: true), Is.Null);
    }

    private float[] Run(byte[] file, float[] input, Shape inputShape, Shape outputShape)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file);
            using var session = _library!.Open(path, threads: 2);
            var output = new float[outputShape.ElementCount];
            session.Bind(input, [.. inputShape.Select(extent => (long)extent)], output, [.. outputShape.Select(extent => (long)extent)]);
            session.Run();
            return output;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static double Distance(float[] actual, float[] expected)
    {
        double largest = expected.Max(value => Math.Abs((double)value));
        return actual.Zip(expected, (a, b) => Math.Abs((double)a - b)).Max() / largest;
    }
}
