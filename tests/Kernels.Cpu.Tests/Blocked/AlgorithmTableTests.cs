using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>The table of measured choices: a file that people read and edit, and that may be anything.</summary>
internal sealed class AlgorithmTableTests
{
    private const string Layer = "1x32x12x12-32x12x12 3x3 p1,1,1,1 relu";

    private string _folder = "";
    private string _file = "";

    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("resnest-algorithms-").FullName;
        _file = Path.Combine(_folder, "algorithms.txt");
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Tune_WritesAReadableFile_InAFolderThatItMakes()
    {
        string file = Path.Combine(_folder, "made", "algorithms.txt");
        Lower(new LoweringOptions(AlgorithmFile: file, Tune: true));

        string[] lines = File.ReadAllLines(file);
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[0], Does.StartWith("# "));
        Assert.That(lines[1], Does.Match($@"^(direct|winograd2|winograd4|winograd2 rows)\t\d+\.\d\t{Layer}$"));
        Assert.That(Directory.EnumerateFileSystemEntries(Path.Combine(_folder, "made")).Count(), Is.EqualTo(1), "no temporary is left");
    }

    [TestCase("direct")]
    [TestCase("winograd2")]
    [TestCase("winograd4")]
    public void Lower_WithATable_FollowsIt(string name)
    {
        File.WriteAllText(_file, $"{name}\t1\t{Layer}\n");

        Assert.That(Lower(new LoweringOptions(AlgorithmFile: _file)), Has.Some.EqualTo($"conv 3×3 {name}"));
    }

    [Test]
    public void Tune_KeepsTheLinesThatItDoesNotMeasure_AndMeasuresNoneAgain()
    {
        string[] kept = ["# by hand", "", "direct\t7.5\t1x1x1x1-1x1x1 1x1"];
        File.WriteAllLines(_file, kept);

        Lower(new LoweringOptions(AlgorithmFile: _file, Tune: true));
        string[] lines = File.ReadAllLines(_file);
        Assert.That(lines[..3], Is.EqualTo(kept));
        Assert.That(lines[3], Does.EndWith(Layer));
        File.SetLastWriteTimeUtc(_file, DateTime.UnixEpoch);
        Lower(new LoweringOptions(AlgorithmFile: _file, Tune: true));

        Assert.That(File.GetLastWriteTimeUtc(_file), Is.EqualTo(DateTime.UnixEpoch));
    }

    [Test]
    public void Tune_OfALayerThatReadsPlanes_MeasuresNothingThatNeedsBlocksFirst()
    {
        using var net = new HandMadeGraph(coarse: false);
        var graph = net.Finish(net.Convolution(net.Input([1, 3, 16, 16]), 32, 3, 2, ConvEpilogue)[0]);
        using var lowered = BackendRegistry.Get(Device.Cpu).Lower(graph, new LoweringOptions(AlgorithmFile: _file, Tune: true));

        Assert.That(lowered.Steps.Select(step => step.Name), Has.Some.EqualTo("conv 3×3 direct planes"));
        Assert.That(lowered.Steps.Select(step => step.Name), Has.None.EqualTo("to blocks"));
    }

    [Test]
    public void Lower_WithATableThatDoesNotExist_NamesIt()
    {
        Assert.That(() => Lower(new LoweringOptions(AlgorithmFile: _file)),
            Throws.InstanceOf<DataFileException>().With.Message.StartsWith(_file).And.Message.Contains("does not exist"));
    }

    [TestCase("")]
    [TestCase(" ")]
    public void Lower_WithAnEmptyName_SaysSo(string name)
    {
        Assert.That(() => Lower(new LoweringOptions(AlgorithmFile: name, Tune: true)), Throws.ArgumentException.With.Message.Contains("name is empty"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Lower_WithAFolder_SaysSo_AndLeavesNothing(bool tune)
    {
        Assert.That(() => Lower(new LoweringOptions(AlgorithmFile: _folder, Tune: tune)),
            Throws.InstanceOf<DataFileException>().With.Message.StartsWith(_folder).And.Message.Contains("is a folder"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
        Assert.That(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(_folder)!).Where(path => path.StartsWith(_folder + ".", StringComparison.Ordinal)), Is.Empty);
    }

    [TestCase("Some GPU\tforward\t64\t3136\t64\t1\tF32\tTile64\t12.5", TestName = "Tune_OnATableOfAGpu_RefusesItAndLeavesItAsItIs")]
    [TestCase("fastest\t1\t" + Layer, TestName = "Tune_OnATableWithAnAlgorithmThatIsNone_RefusesItAndLeavesItAsItIs")]
    [TestCase("direct\tsoon\t" + Layer, TestName = "Tune_OnATableWithATimeThatIsNone_RefusesItAndLeavesItAsItIs")]
    public void Tune_OnAnotherFile_Refuses(string line)
    {
        string text = "# first\n" + line + "\n";
        File.WriteAllText(_file, text);

        Assert.That(() => Lower(new LoweringOptions(AlgorithmFile: _file, Tune: true)),
            Throws.InstanceOf<DataFileException>().With.Message.StartsWith(_file).And.Message.Contains("line 2 is not algorithm"));
        Assert.That(File.ReadAllText(_file), Is.EqualTo(text));
    }

    [Test]
    public void Lower_WithAFileThatIsTooLarge_DoesNotReadIt()
    {
        using (var file = File.Create(_file))
            file.SetLength(AlgorithmTable.MostBytes + 1);

        Assert.That(() => Lower(new LoweringOptions(AlgorithmFile: _file)),
            Throws.InstanceOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.TooLarge));
    }

    [Test]
    public void Tune_OnSeveralThreadsAtOnce_LeavesAWholeFile()
    {
        Parallel.For(0, 8, _ => Lower(new LoweringOptions(AlgorithmFile: _file, Tune: true)));

        Assert.That(File.ReadAllLines(_file), Has.Length.EqualTo(2).And.Some.EndsWith(Layer));
        Assert.That(Directory.EnumerateFiles(_folder).Count(), Is.EqualTo(1));
    }

    /// <summary>A table of older versions was measured in another way: it is left where it lies.</summary>
    [Test, NonParallelizable]
    public void Lower_WithoutAName_FollowsTheMachinesOwnTable_ButNoneOfAnOlderMeasurement()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("only Linux lets a process name the user's folder for local data");
        string? before = Environment.GetEnvironmentVariable("XDG_DATA_HOME");
        try
        {
            Environment.SetEnvironmentVariable("XDG_DATA_HOME", _folder);
            var options = new LoweringOptions(Threads: EngineSettings.Threads);
            string file = AlgorithmTable.DefaultFile(options.Threads), older = file.Replace("-v2-", "-");
            Assert.That(older, Is.Not.EqualTo(file).And.StartsWith(_folder));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(older, $"winograd4\t1\t{Layer}\n");
            Assert.That(Lower(options), Has.Some.EqualTo("conv 3×3 winograd2"), "the usual one");

            Lower(options with { Tune = true });
            Assert.That(File.ReadAllText(file), Does.Contain(Layer), "the older one does not keep it from being measured");
            Assert.That(File.ReadAllText(older), Is.EqualTo($"winograd4\t1\t{Layer}\n"));
            File.WriteAllText(file, $"winograd4\t1\t{Layer}\n");
            Assert.That(Lower(options), Has.Some.EqualTo("conv 3×3 winograd4"));
            File.Delete(file);
            Assert.That(Lower(options with { AlgorithmFile = older }), Has.Some.EqualTo("conv 3×3 winograd4"), "whoever names it wants it");
        }
        finally
        {
            Environment.SetEnvironmentVariable("XDG_DATA_HOME", before);
        }
    }

    private static ConvEpilogue ConvEpilogue => new(ActivationKind.Relu, false, 0);

    /// <summary>Lowers one convolution; returns the names of the steps.</summary>
    private static string[] Lower(LoweringOptions options)
    {
        using var net = new HandMadeGraph(coarse: false);
        var graph = net.Finish(net.Convolution(net.Input([1, 32, 12, 12]), 32, 3, epilogue: ConvEpilogue)[0]);
        using var lowered = BackendRegistry.Get(Device.Cpu).Lower(graph, options);
        return [.. lowered.Steps.Select(step => step.Name)];
    }
}
