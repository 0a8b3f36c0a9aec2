using System.Diagnostics;
using System.Runtime.InteropServices;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Inference.Tests;

/// <summary>Sessions on the CPU against eager execution, and what they promise beyond the numbers.</summary>
public sealed class InferenceSessionTests
{
    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(typeof(SmallNets), nameof(SmallNets.All))]
    public void Run_OfEveryKindOfNetwork_EqualsEager(Func<Module> create)
    {
        using var net = SmallNets.Filled(create());
        var expected = SmallNets.Eager(net, SmallNets.Input);

        using var session = InferenceSession.Compile(net, SmallNets.Input);
        var output = new float[session.Output.ElementCount];
        session.Run(SmallNets.Values(SmallNets.Input), output);

        SmallNets.AssertClose(output, expected);
    }

    [Test]
    public void Run_WithoutFusion_EqualsEager()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { Fuse = false });
        var output = new float[session.Output.ElementCount];
        session.Run(SmallNets.Values(SmallNets.Input), output);

        SmallNets.AssertClose(output, SmallNets.Eager(net, SmallNets.Input));
    }

    [Test]
    public void Run_OnTheReferenceDevice_EqualsEager()
    {
        var spec = new TensorSpec([1, 3, 32, 32], DType.F32);
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, spec, new InferenceOptions { Device = Device.Reference });
        var output = new float[session.Output.ElementCount];
        session.Run(SmallNets.Values(spec), output);

        SmallNets.AssertClose(output, SmallNets.Eager(net, spec));
    }

    [Test]
    public void Run_AfterTheModuleIsDisposed_GivesTheSame()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        var expected = SmallNets.Eager(net, SmallNets.Input);
        using var session = InferenceSession.Compile(net, SmallNets.Input);
        net.Dispose();
        using var other = SmallNets.Filled(new ResNet(SmallNets.ResNeSt with { Classes = 7 })); // takes the freed memory
        var output = new float[session.Output.ElementCount];

        session.Run(SmallNets.Values(SmallNets.Input), output);

        SmallNets.AssertClose(output, expected);
    }

    [Test]
    public void Run_OnSeveralThreadsAtOnce_GivesEachItsOwnResult()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, SmallNets.Input);
        string[] keys = ["input", "x", "dy"];
        var expected = keys.Select(key => Run(session, key)).ToArray();

        var actual = new float[24][];
        Parallel.For(0, actual.Length, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i => actual[i] = Run(session, keys[i % 3]));

        for (int i = 0; i < actual.Length; i++)
            Assert.That(actual[i], Is.EqualTo(expected[i % 3]), $"run {i}");
    }

    [Test]
    public void Run_WithOneThreadAndWithSeveral_GivesEqualBits()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var one = InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { Threads = 1 });
        using var four = InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { Threads = 4 });

        Assert.That(Run(four, "input"), Is.EqualTo(Run(one, "input")));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Run_AfterTheFirst_AllocatesNothingOnAnyThread(int threads)
    {
        var spec = new TensorSpec([1, 3, 64, 64], DType.F32);
        using var net = SmallNets.Filled(ModelZoo.Find("resnest14").Create());
        using var session = InferenceSession.Compile(net, spec, new InferenceOptions { Threads = threads });
        float[] input = SmallNets.Values(spec), output = new float[session.Output.ElementCount];
        for (int i = 0; i < 3; i++)
            session.Run(input, output);

        // Of several tries the least: the test host has threads of its own.
        long own = long.MaxValue, all = long.MaxValue;
        long start = Stopwatch.GetTimestamp();
        while ((own > 0 || all > 0) && Stopwatch.GetElapsedTime(start).TotalSeconds < 10)
        {
            long ownBefore = GC.GetAllocatedBytesForCurrentThread(), allBefore = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 4; i++)
                session.Run(input, output);
            long allAfter = GC.GetTotalAllocatedBytes(precise: true);
            own = Math.Min(own, GC.GetAllocatedBytesForCurrentThread() - ownBefore);
            all = Math.Min(all, allAfter - allBefore);
        }

        Assert.That(own, Is.Zero, "on the thread that calls");
        Assert.That(all, Is.Zero, "on all threads");
    }

    [Test]
    public void Run_Cancelled_StopsAndLeavesTheOutput()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, SmallNets.Input);
        var output = new float[session.Output.ElementCount];
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        Assert.That(() => session.Run(SmallNets.Values(SmallNets.Input), output, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(output, Is.All.Zero);
        Assert.That(Run(session, "input"), Has.Some.Not.Zero, "the session goes on");
    }

    [Test]
    public void Run_OfSeveralOutputs_GivesTheFeatureMaps()
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        var x = Tensor.FromSpan<float>(SmallNets.Values(SmallNets.Input), SmallNets.Input.Shape);
        var expected = net.Features(x);
        using var session = InferenceSession.Compile(net, [SmallNets.Input], inputs => net.Features(inputs[0]));

        var maps = session.Run(x);
        var spans = session.Outputs.Select(spec => new float[spec.ElementCount]).ToArray();
        session.Run([SmallNets.Values(SmallNets.Input)], [.. spans.Select(span => span.AsMemory())]);

        Assert.That(maps, Has.Length.EqualTo(5));
        for (int i = 0; i < maps.Length; i++)
        {
            SmallNets.AssertClose(maps[i].ToArray<float>(), expected[i].ToDoubles());
            Assert.That(spans[i], Is.EqualTo(maps[i].ToArray<float>()));
        }
    }

    [Test]
    public void Compile_OfWeightsInHalfPrecision_ComputesInSingle()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        net.ToDevice(Device.Cpu, DType.BF16);
        using var session = InferenceSession.Compile(net, SmallNets.Input);
        net.ToDevice(Device.Cpu, DType.F32);

        SmallNets.AssertClose(Run(session, "input"), SmallNets.Eager(net, SmallNets.Input));
    }

    [TestCase(DType.F16, 2e-3)]
    [TestCase(DType.BF16, 2e-2)]
    public void Compile_WithWeightsKeptInHalf_TakesHalfTheMemory_AndComputesInSingle(DType type, double relative)
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var whole = InferenceSession.Compile(net, SmallNets.Input);
        using var half = InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { WeightType = type });

        float[] output = Run(half, "input");

        SmallNets.AssertClose(output, SmallNets.Eager(net, SmallNets.Input), relative);
        Assert.That(output, Is.Not.EqualTo(Run(whole, "input")), "the weights are rounded");
        Assert.That(half.WeightBytes, Is.LessThan(0.6 * whole.WeightBytes));
    }

    [TestCase(DType.F64)]
    [TestCase(DType.I32)]
    public void Compile_WithWeightsOfATypeThatIsNotKept_SaysWhichAre(DType type)
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));

        Assert.That(() => InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { WeightType = type }),
            Throws.ArgumentException.With.Message.EqualTo($"compile: device cpu keeps weights as F32, F16 or BF16, not as {type}"));
    }

    [TestCase(DType.F16)]
    [TestCase(DType.BF16)]
    [TestCase(DType.F64)]
    public void Compile_ForInputsOfAnotherType_SaysWhatToDo(DType type)
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));

        Assert.That(() => InferenceSession.Compile(net, SmallNets.Input with { DType = type }),
            Throws.InstanceOf<NotSupportedException>().With.Message.EqualTo(
                $"compile: device cpu compiles for F32 inputs, not for 'input' {SmallNets.Input with { DType = type }}; InferenceOptions.WeightType keeps weights in half"));
    }

    [Test]
    public void Compile_OfDeferredWeights_ReadsThem()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var deferred = new ResNet(SmallNets.ResNeSt);
        deferred.Eval();
        int reads = 0;
        foreach (var ((_, source), (_, state)) in net.NamedState().Zip(deferred.NamedState()).Where(pair => pair.First.State.Value.DType == DType.F32))
        {
            state.Defer(DType.F32, bytes =>
            {
                source.Value.CopyTo(MemoryMarshal.Cast<byte, float>(bytes));
                Interlocked.Increment(ref reads);
            });
        }

        using var session = InferenceSession.Compile(deferred, SmallNets.Input);

        SmallNets.AssertClose(Run(session, "input"), SmallNets.Eager(net, SmallNets.Input));
        int afterwards = reads;
        Run(session, "x");
        Assert.That(reads, Is.EqualTo(afterwards), "nothing is read after compiling");
    }

    [Test]
    public void Compile_InTrainingMode_SaysToCallEval()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        net.Train();

        Assert.That(() => InferenceSession.Compile(net, SmallNets.Input),
            Throws.InvalidOperationException.With.Message.Contains("Eval()").And.Message.Contains("conv1.1"));
    }

    [Test]
    public void Compile_WithoutWeights_SaysWhatToDo()
    {
        using var net = new ResNet(SmallNets.ResNeSt);
        net.Eval();

        Assert.That(() => InferenceSession.Compile(net, SmallNets.Input), Throws.InvalidOperationException.With.Message.Contains("conv1.0.weight").And.Message.Contains("Materialize"));
    }

    [Test]
    public void Compile_OfANetworkThatLooksAtValues_IsRefused()
    {
        using var net = new Looking();

        Assert.That(() => InferenceSession.Compile(net, SmallNets.Input), Throws.InvalidOperationException.With.Message.Contains("values"));
    }

    [Test]
    public void Compile_OfANetworkThatMakesTensors_KeepsThemAsConstants()
    {
        using var net = new Shifting();
        using var session = InferenceSession.Compile(net, new TensorSpec([2, 3], DType.F32));
        var output = new float[6];

        session.Run([1, 2, 3, 4, 5, 6], output);

        Assert.That(output, Is.EqualTo(new float[] { 11, 22, 33, 14, 25, 36 }));
    }

    [Test]
    public void Compile_OfNothing_SaysWhatIsMissing()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));

        Assert.That(() => InferenceSession.Compile((Module)null!, SmallNets.Input), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("module"));
        Assert.That(() => InferenceSession.Compile(net, [SmallNets.Input], null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("compute"));
        Assert.That(() => InferenceSession.Compile(net, [], _ => []), Throws.ArgumentException.With.Message.Contains("at least one input"));
        Assert.That(() => InferenceSession.Compile(net, [SmallNets.Input], _ => []), Throws.ArgumentException.With.Message.Contains("no outputs"));
    }

    [Test]
    public void Compile_WithALog_WritesALineForEveryStage()
    {
        using var log = new StringWriter();
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { Log = log });

        string[] lines = log.ToString().Split(Environment.NewLine);
        Assert.That(lines, Has.Some.StartsWith("expand composites: none"));
        int layouts = session.Steps.Count(step => step.Operator == "layout");
        Assert.That(lines, Has.Some.Match($"^lower: \\d+ operators in {session.Steps.Count} steps, {layouts} of them changes of layout$"));
        Assert.That(lines, Has.Some.StartsWith("plan memory: "));
    }

    [Test]
    public void Compile_WithADumpIntoAFolder_NamesTheFilesThere()
    {
        string folder = Directory.CreateTempSubdirectory("resnest-dump-").FullName;
        try
        {
            using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
            using var session = InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { DumpPrefix = Path.Combine(folder, "made") + Path.DirectorySeparatorChar });

            Assert.That(Directory.EnumerateFiles(Path.Combine(folder, "made")).Select(Path.GetFileName), Is.EquivalentTo(
                new[] { "graph.before.txt", "graph.before.dot", "graph.before.svg", "graph.after.txt", "graph.after.dot", "graph.after.svg" }));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Run_WithAWrongLength_SaysWhatItWants()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, SmallNets.Input);

        Assert.That(() => session.Run(new float[5], new float[20]), Throws.ArgumentException.With.Message.Contains("[2,3,64,48]"));
        Assert.That(() => session.Run(SmallNets.Values(SmallNets.Input), new float[3]), Throws.ArgumentException.With.Message.Contains("[2,10]"));
    }

    [Test]
    public void Dispose_AfterRuns_FreesAllMemory()
    {
        var backend = BackendRegistry.Get(Device.Cpu);
        int before = backend.LiveStorages;
        using (var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt)))
        using (var session = InferenceSession.Compile(net, SmallNets.Input))
            Run(session, "input");

        Assert.That(backend.LiveStorages, Is.EqualTo(before));
    }

    [Test]
    public void Profile_NamesEveryStepAndItsWork()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, SmallNets.Input);

        var times = session.Profile(runs: 3);

        Assert.That(times, Has.Count.EqualTo(session.Steps.Count));
        Assert.That(times.Sum(time => time.Step.Cost.Flops), Is.GreaterThan(10_000_000));
        Assert.That(session.Describe().Split('\n'), Has.Length.EqualTo(session.Steps.Count + 2));
        Assert.That(session.Describe(), Does.Contain("layer1.0.conv3"));
    }

    private static float[] Run(InferenceSession session, string key)
    {
        var output = new float[session.Output.ElementCount];
        session.Run(SmallNets.Values(session.Input, key), output);
        return output;
    }

    private sealed class Looking : Module
    {
        protected override Tensor Compute(Tensor x) => x.Sum([0, 1, 2, 3]).Item() > 0 ? x : -x;
    }

    private sealed class Shifting : Module
    {
        protected override Tensor Compute(Tensor x) => x + Tensor.FromArray<float>([10, 20, 30], [3], x.Device);
    }
}
