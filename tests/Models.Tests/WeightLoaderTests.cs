using ResNeSt.Conformance;
using ResNeSt.Tensors;
using ResNeSt.Weights;

namespace ResNeSt.Models.Tests;

/// <summary>Whole networks written by PyTorch, in both file formats, run to the output that PyTorch gave.</summary>
public sealed class WeightLoaderTests
{
    private static IEnumerable<string> Files() => Directory.EnumerateDirectories(TestData.Folder("torch_nets"))
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.pth"))
        .Select(file => Path.Combine(Path.GetFileName(Path.GetDirectoryName(file))!, Path.GetFileName(file)))
        .Order(StringComparer.Ordinal);

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(nameof(Files))]
    public void Load_OfAFileByTorch_RunsToTorchsOutput(string file)
    {
        string path = Path.Combine(TestData.Folder("torch_nets"), file);
        string folder = Path.GetDirectoryName(path)!;
        using var model = new ResNet(TorchNets.Options(folder));
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var (shape, input, expected) = TorchNets.Case(folder);

        model.MaterializeEmpty(Device.Cpu);
        WeightLoader.Load(model, path, "the test network");
        model.Eval();
        double[] single = model.Forward(Tensor.FromArray(input, shape)).ToDoubles();
        model.ToDevice(Device.Reference, DType.F64);
        double[] exact = model.Forward(Tensor.FromArray(Array.ConvertAll(input, value => (double)value), shape, Device.Reference)).ToDoubles();

        Assert.That(single, Is.EqualTo(expected).Within(1e-5));
        Assert.That(exact, Is.EqualTo(expected).Within(1e-9));
    }

    [TestCaseSource(nameof(Files))]
    public void Defer_OfAFileByTorch_ReadsTheSameValuesWhenAsked(string file)
    {
        string path = Path.Combine(TestData.Folder("torch_nets"), file);
        using var loaded = new ResNet(TorchNets.Options(Path.GetDirectoryName(path)!));
        using var deferred = new ResNet(loaded.Options);
        loaded.MaterializeEmpty(Device.Cpu);
        WeightLoader.Load(loaded, path, "the test network");

        using var open = WeightFile.Open(path);
        WeightLoader.Defer(deferred, open, "the test network");

        foreach (var ((name, expected), (_, actual)) in loaded.NamedParameters().Zip(deferred.NamedParameters()))
        {
            Assert.That(actual.Value.Device, Is.EqualTo(Device.Deferred), name);
            Assert.That(actual.Value.ToArray<float>(), Is.EqualTo(expected.Value.ToArray<float>()), name);
        }
    }

    [Test]
    public void Load_IntoANetworkWithOtherClasses_SaysInOneLineWhatDoesNotFit()
    {
        string folder = Directory.EnumerateDirectories(TestData.Folder("torch_nets")).Order(StringComparer.Ordinal).First();
        using var model = new ResNet(TorchNets.Options(folder) with { Classes = 123 });
        model.MaterializeEmpty(Device.Cpu);

        Assert.That(() => WeightLoader.Load(model, Path.Combine(folder, "weights.pth"), "small"),
            Throws.TypeOf<DataFileException>().With.Property(nameof(DataFileException.Kind)).EqualTo(DataFileErrorKind.ModelMismatch)
                .And.Message.Contains("fc.weight").And.Message.Not.Contains("\n"));
    }

    [Test]
    public void Load_OfATextFile_IsRefusedByKind()
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pth");
        File.WriteAllText(path, "hello");
        using var model = ModelZoo.Find("resnest14").Create();
        try
        {
            Assert.That(() => WeightLoader.Load(model, path, "resnest14"),
                Throws.TypeOf<DataFileException>().With.Property(nameof(DataFileException.Kind)).EqualTo(DataFileErrorKind.NotThisFormat));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
