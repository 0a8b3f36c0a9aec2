using System.Text.Json;
using ResNeSt.Imaging;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>The loop: equal bits however it runs, and what happens when something fails.</summary>
public sealed class TrainerTests
{
    private string _folder = null!;
    private int _threads;

    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("resnest-train-").FullName;
        _threads = EngineSettings.Threads;
    }

    [TearDown]
    public void DeleteFolder()
    {
        EngineSettings.Threads = _threads;
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Run_WithOneOrTwoThreadsAndAnyWorkers_GivesEqualBits()
    {
        double[]? first = null;
        foreach (var (threads, workers) in new[] { (1, 0), (2, 1), (2, 3) })
        {
            EngineSettings.Threads = threads;
            using var model = TestPictures.Model();
            using var trainer = new Trainer(model, TestPictures.Dataset(), null, new TrainerOptions { Recipe = TestPictures.Recipe, Seed = 5, Workers = workers });
            Assert.That(trainer.Run().Finished);
            first ??= TestPictures.Bits(model);
            Assert.That(TestPictures.Bits(model), Is.EqualTo(first), $"{threads} threads, {workers} workers");
        }

        using var other = TestPictures.Model();
        using var otherSeed = new Trainer(other, TestPictures.Dataset(), null, new TrainerOptions { Recipe = TestPictures.Recipe, Seed = 6 });
        otherSeed.Run();
        Assert.That(TestPictures.Bits(other), Is.Not.EqualTo(first), "another seed");
    }

    [TestCase("sgd")]
    [TestCase("adamw")]
    public void Resume_InTheMiddleOfEpochs_GivesTheBitsOfAnUninterruptedRun(string optimizer)
    {
        var recipe = TestPictures.Recipe with { Optimizer = optimizer, LearningRate = optimizer == "adamw" ? 0.002 : 0.05 };
        string whole = Path.Combine(_folder, "whole"), parts = Path.Combine(_folder, "parts");
        using var expected = TestPictures.Model();
        var (training, validation) = SubsetDataset.Split(TestPictures.Dataset(), 8, 1);
        using (var trainer = new Trainer(expected, training, validation, Options(recipe, whole)))
            Assert.That(trainer.Run().Finished);

        double[]? bits = null;
        foreach (long stop in (long[])[1, 4, 5, 9, 100])
        {
            // A new network each time, as in a new process.
            using var model = TestPictures.Model(seed: 99);
            if (stop == 1)
                Copy(TestPictures.Model(), model);
            using var trainer = new Trainer(model, training, validation, Options(recipe, parts) with { MaxSteps = stop });
            if (stop > 1)
                trainer.Resume();
            var result = trainer.Run();
            Assert.That(result.State.Step, Is.EqualTo(Math.Min(stop, 12)));
            Assert.That(result.Finished, Is.EqualTo(stop == 100));
            bits = TestPictures.Bits(model);
        }

        Assert.That(bits, Is.EqualTo(TestPictures.Bits(expected)));
        foreach (string file in (string[])["model.safetensors", "best.safetensors"])
            Assert.That(File.ReadAllBytes(Path.Combine(parts, file)), Is.EqualTo(File.ReadAllBytes(Path.Combine(whole, file))), file);
        Assert.That(Lines(parts, "log.jsonl").Select(WithoutTimes), Is.EqualTo(Lines(whole, "log.jsonl").Select(WithoutTimes)), "logs go on as if nothing had happened");
        Assert.That(Lines(parts, "log.csv").Select(line => line.Split(',')[..8]), Is.EqualTo(Lines(whole, "log.csv").Select(line => line.Split(',')[..8])));
    }

    [Test]
    public void Run_OnBrightness_LearnsIt()
    {
        var recipe = TestPictures.Recipe with { Mixing = new BatchMixer(), ColorJitter = 0, Lighting = 0, Erasing = 0, DropBlock = 0, AverageDecay = 0, Epochs = 8 };
        using var model = TestPictures.Model(random: false);
        var (training, validation) = SubsetDataset.Split(TestPictures.Dataset(200), 40, 1);
        using var trainer = new Trainer(model, training, validation, Options(recipe, _folder));
        var result = trainer.Run();
        Assert.That(result.Epochs[^1].ValidationTop1, Is.GreaterThan(0.9));
        Assert.That(result.Epochs[^1].TrainLoss, Is.LessThan(result.Epochs[0].TrainLoss));
        Assert.That(result.Epochs, Has.Count.EqualTo(8));
        string svg = File.ReadAllText(Path.Combine(_folder, "curves.svg"));
        Assert.That(svg, Does.StartWith("<svg").And.Contain("validation"));
    }

    [Test]
    public void Accumulation_WithFrozenStatistics_EqualsTheWholeBatch()
    {
        var recipe = TestPictures.Recipe with { DropBlock = 0, AverageDecay = 0, Epochs = 1, Erasing = 0 };
        double[]? first = null;
        foreach (int parts in (int[])[1, 2, 3])
        {
            using var model = TestPictures.Model(Device.Reference, DType.F64, random: false);
            model.FreezeStatistics();
            using var trainer = new Trainer(model, TestPictures.Dataset(), null, new TrainerOptions { Recipe = recipe, Accumulation = parts, Workers = 0, MaxSteps = 3 });
            trainer.Run();
            first ??= TestPictures.Bits(model);
            Assert.That(TestPictures.Bits(model), Is.EqualTo(first).Within(1e-12), $"{parts} parts");
        }
    }

    [Test]
    public void Run_WithALossThatIsNoNumber_KeepsEverythingButThatStep()
    {
        var pictures = TestPictures.Dataset();
        var recipe = TestPictures.Recipe with { LearningRate = 1e30, ClipNorm = 0, Mixing = new BatchMixer(), DropBlock = 0, WarmupEpochs = 0 };
        using var model = TestPictures.Model(random: false);
        using (var trainer = new Trainer(model, pictures, null, Options(recipe, _folder)))
        {
            var error = Assert.Throws<TrainingDivergedException>(() => trainer.Run());
            Assert.That(error!.Message, Does.StartWith("step ").And.Contain("learning rate"));
        }

        // The checkpoint is from before the bad step, and all of it is finite.
        using var again = TestPictures.Model(random: false);
        using var resumed = new Trainer(again, pictures, null, Options(recipe, _folder));
        resumed.Resume();
        Assert.That(resumed.State.Step, Is.GreaterThan(0));
        Assert.That(TestPictures.Bits(again), Has.All.Matches<double>(double.IsFinite));
        Assert.That(Lines(_folder, "log.jsonl").Last(), Does.Contain("the loss is"));
    }

    [Test]
    public void Run_WithALossThatIsNoNumber_SkipsTheBatchWhereAskedTo()
    {
        var notes = new List<string>();
        var recipe = TestPictures.Recipe with { Mixing = new BatchMixer(), DropBlock = 0, ColorJitter = 0, Mean = [float.NaN, 0.4f, 0.4f], Epochs = 1 };
        using var model = TestPictures.Model(random: false);
        double[] before = TestPictures.Bits(model);
        using var trainer = new Trainer(model, TestPictures.Dataset(), null, Options(recipe, _folder) with { SkipNonFinite = true, Note = notes.Add });
        Assert.That(trainer.Run().Finished);
        Assert.That(notes, Has.Count.EqualTo(5).And.All.Contains("left out"));
        Assert.That(TestPictures.Bits(model), Is.EqualTo(before), "not even running statistics changed");
    }

    [Test]
    public void Run_OnAFullDisk_KeepsTheLastWholeCheckpointAndGoesOn()
    {
        var notes = new List<string>();
        int files = 0;
        var options = Options(TestPictures.Recipe, _folder) with
        {
            SaveEvery = 1,
            Note = notes.Add,
            // The disk is full for the tensors of the fourth checkpoint to the sixth; two files each.
            WrapCheckpoints = stream => ++files is >= 7 and <= 9 ? new FailingStream(stream, 1000) : stream,
        };
        using var model = TestPictures.Model();
        using (var trainer = new Trainer(model, TestPictures.Dataset(), null, options))
            Assert.That(trainer.Run().Finished, "the disk had room again");
        Assert.That(notes, Has.Count.EqualTo(1).And.All.Contains("no checkpoint at step 4"));
        Assert.That(Directory.GetFiles(Path.Combine(_folder, "checkpoints")), Has.Length.EqualTo(2), "no leftovers");
    }

    [Test]
    public void Run_WhoseLastCheckpointFails_SaysSoAndKeepsTheOneBefore()
    {
        int files = 0;
        var options = Options(TestPictures.Recipe, _folder) with { SaveEvery = 1, WrapCheckpoints = stream => ++files > 6 ? new FailingStream(stream, 1000) : stream };
        using (var model = TestPictures.Model())
        using (var trainer = new Trainer(model, TestPictures.Dataset(), null, options))
            Assert.That(() => trainer.Run(), Throws.InstanceOf<IOException>());

        using var again = TestPictures.Model(seed: 7);
        using var resumed = new Trainer(again, TestPictures.Dataset(), null, Options(TestPictures.Recipe, _folder));
        resumed.Resume();
        Assert.That(resumed.State.Step, Is.EqualTo(3));
        using var expected = TestPictures.Model();
        using var shortRun = new Trainer(expected, TestPictures.Dataset(), null, new TrainerOptions { Recipe = TestPictures.Recipe, MaxSteps = 3 });
        shortRun.Run();
        Assert.That(TestPictures.Bits(again), Is.EqualTo(TestPictures.Bits(expected)));
    }

    [Test]
    [Platform("Linux")]
    public void Log_OnADeviceThatIsFull_IsToldOfOnceAndLeftAlone()
    {
        var notes = new List<string>();
        // Flushes of every write reach the device at once.
        using (var log = new RunLog(_folder, 0, notes.Add, _ => new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)))
        {
            for (int i = 1; i <= 5; i++)
            {
                log.Step(i, 1, 0.5, 0.1, 1);
                log.Flush();
            }
        }

        Assert.That(notes, Has.Count.EqualTo(2), string.Join("\n", notes));
        Assert.That(notes, Has.One.Contains("log.jsonl").And.One.Contains("TensorBoard"));
    }

    [Test]
    public void UnreadablePicture_IsNamedAndEndsTheRunOrIsSkipped()
    {
        var dataset = new BrokenDataset(TestPictures.Dataset(), 17);
        var notes = new List<string>();
        using (var model = TestPictures.Model())
        using (var trainer = new Trainer(model, dataset, null, Options(TestPictures.Recipe, _folder) with { Note = notes.Add }))
        {
            var error = Assert.Throws<DataFileException>(() => trainer.Run());
            Assert.That(error!.Message, Does.Contain("test picture 17"));
            Assert.That(Lines(_folder, "log.jsonl").Last(), Does.Contain("test picture 17"));
        }

        using var tolerant = TestPictures.Model();
        using var going = new Trainer(tolerant, dataset, null, new TrainerOptions { Recipe = TestPictures.Recipe, SkipUnreadable = true, Note = notes.Add });
        Assert.That(going.Run().Finished);
        Assert.That(notes, Has.Count.EqualTo(TestPictures.Recipe.Epochs).And.All.Contains("skipped test picture 17"));
    }

    [Test]
    public void Resume_OfAnotherNetwork_SaysWhichTensorDoesNotFit()
    {
        using (var model = TestPictures.Model())
        using (var trainer = new Trainer(model, TestPictures.Dataset(), null, Options(TestPictures.Recipe, _folder) with { MaxSteps = 1 }))
            trainer.Run();
        using var other = new ResNet(new ResNetOptions { Depths = [1, 1, 1, 1], Planes = [4, 4, 8, 16], Stem = StemKind.Small, StemWidth = 8, Radix = 2, Classes = 3 });
        other.Materialize(Device.Cpu, DType.F32, new Generator(1));
        using var wrong = new Trainer(other, TestPictures.Dataset(), null, Options(TestPictures.Recipe with { DropBlock = 0 }, _folder));
        Assert.That(wrong.Resume, Throws.InstanceOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.ModelMismatch));
    }

    [Test]
    public void Resume_WithoutACheckpoint_IsRefused()
    {
        using var model = TestPictures.Model();
        using var trainer = new Trainer(model, TestPictures.Dataset(), null, Options(TestPictures.Recipe, _folder));
        Assert.That(trainer.Resume, Throws.InstanceOf<DataFileException>().With.Message.Contains("no checkpoint"));
    }

    [Test]
    public void LossScale_AfterOverflow_HalvesAndGrowsAgain()
    {
        var scaler = new LossScaler { Scale = 8, GrowthInterval = 2 };
        scaler.Update(finite: false);
        Assert.That(scaler.Scale, Is.EqualTo(4));
        scaler.Update(finite: true);
        scaler.Update(finite: true);
        Assert.That(scaler.Scale, Is.EqualTo(8));
    }

    [Test]
    public void LossScale_OfAPowerOfTwo_ChangesNoBit()
    {
        var recipe = TestPictures.Recipe with { Epochs = 1 };
        using var plain = TestPictures.Model();
        using var scaled = TestPictures.Model();
        using (var trainer = new Trainer(plain, TestPictures.Dataset(), null, new TrainerOptions { Recipe = recipe }))
            trainer.Run();
        using (var trainer = new Trainer(scaled, TestPictures.Dataset(), null, new TrainerOptions { Recipe = recipe, Scaler = new LossScaler { Scale = 1024 } }))
            trainer.Run();
        Assert.That(TestPictures.Bits(scaled), Is.EqualTo(TestPictures.Bits(plain)));
    }

    [Test]
    public void Run_LeavesNoTensorsBehind()
    {
        var backend = Tensors.Backends.BackendRegistry.Get(Device.Cpu);
        int before = backend.LiveStorages;
        using (var model = TestPictures.Model())
        using (var trainer = new Trainer(model, TestPictures.Dataset(), TestPictures.Dataset(10), Options(TestPictures.Recipe, _folder)))
            trainer.Run();
        Assert.That(backend.LiveStorages, Is.EqualTo(before));
    }

    private static TrainerOptions Options(Recipe recipe, string folder)
    {
        Directory.CreateDirectory(folder);
        return new TrainerOptions { Recipe = recipe, Seed = 0, RunFolder = folder, Workers = 1 };
    }

    private static void Copy(Module from, Module to)
    {
        using var state = from.StateDict();
        to.Load(state);
        from.Dispose();
    }

    private static string[] Lines(string folder, string file) => File.ReadAllLines(Path.Combine(folder, file));

    private static string WithoutTimes(string line)
    {
        var fields = JsonDocument.Parse(line).RootElement.EnumerateObject().Where(field => field.Name is not ("seconds" or "imagesPerSecond"));
        return string.Join(",", fields.Select(field => field.ToString()));
    }

    /// <summary>A data set whose one picture cannot be read.</summary>
    private sealed class BrokenDataset(PictureDataset source, int broken) : PictureDataset
    {
        public override int Count => source.Count;

        public override IReadOnlyList<string> Classes => source.Classes;

        public override string Name(int index) => source.Name(index);

        public override int Label(int index) => source.Label(index);

        public override Picture Read(int index) => index == broken ? throw new DataFileException(DataFileErrorKind.BadImage, "the picture is cut") : source.Read(index);
    }
}
