using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Measured choices: made once, kept in a file that people can read, taken up again.</summary>
[TestFixture]
public sealed class AutotunerTests
{
    private static readonly GemmKey Key = new("conv.forward", 64, 3136, 576, 2, GpuPrecision.F16);

    private string _file = null!;

    [SetUp]
    public void MakeFolder() => _file = Path.Combine(Directory.CreateTempSubdirectory("resnest-tiles-").FullName, "sub", "tiles.tsv");

    [TearDown]
    public void DeleteFolder() => Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(_file)!)!, recursive: true);

    [Test]
    public void Add_SavesTheFastest_AndAnotherTunerFindsIt()
    {
        var tuner = new Autotuner("GPU X");
        tuner.Use(_file);
        Assert.That(tuner.Find(Key), Is.Null);
        tuner.Add(Key, new Dictionary<GemmVariant, double> { [GemmVariant.Tile64] = 20e-6, [GemmVariant.Tensor64] = 12.5e-6 });

        Assert.That(File.ReadAllText(_file), Is.EqualTo("GPU X\tconv.forward\t64\t3136\t576\t2\tF16\tTensor64\t12.5\n"));
        Assert.That(Reopened("GPU X").Find(Key), Is.EqualTo(GemmVariant.Tensor64));
        Assert.That(Reopened("GPU Y").Find(Key), Is.Null, "another device measures for itself");
    }

    [Test]
    public void Use_OfALineThatIsNone_NamesFileAndLine()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        File.WriteAllText(_file, "# by hand\nGPU X\tconv.forward\t64\tmany\t576\t2\tF16\tTensor64\t12.5\n");
        Assert.That(() => new Autotuner("GPU X").Use(_file), Throws.TypeOf<DataFileException>().With.Message.Contains("line 2").And.Message.Contains("tiles.tsv"));
    }

    [Test]
    public void Launch_WhileTuning_MeasuresEachShapeOnce()
    {
        IlgpuBackend.Register();
        var tuner = ((IlgpuBackend)BackendRegistry.Get("ilgpu-cpu")).Queue.Tuner;
        tuner.Use(_file);
        tuner.Tuning = true;
        try
        {
            using var scope = new TensorScope();
            var (a, b) = (Tensor.Ones([9, 11], DType.F32, "ilgpu-cpu"), Tensor.Ones([11, 7], DType.F32, "ilgpu-cpu"));
            Assert.That(a.MatMul(b).ToArray<float>(), Is.All.EqualTo(11f));
            Assert.That(a.MatMul(b).ToArray<float>(), Is.All.EqualTo(11f));
        }
        finally
        {
            tuner.Tuning = false;
        }

        Assert.That(File.ReadAllLines(_file), Has.Length.EqualTo(1).And.Exactly(1).Contain("matmul.nn\t9\t7\t11\t1\tF32\t"));
    }

    private Autotuner Reopened(string device)
    {
        var tuner = new Autotuner(device);
        tuner.Use(_file);
        return tuner;
    }
}
