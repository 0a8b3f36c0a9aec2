using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Inference.Tests;

/// <summary>What happens to sessions in the middle of runs, and to their memory afterwards.</summary>
[NonParallelizable]
public sealed class SessionLifetimeTests
{
    [OneTimeSetUp]
    public void RegisterBackends()
    {
        DefaultBackends.Use();
        ProbeOp.AddTo(BackendRegistry.Get(Device.Cpu));
    }

    [TearDown]
    public void RemoveProbe() => ProbeOp.Reached = null;

    [Test]
    public void Dispose_WhileARunIsUnderWay_LetsItEndAndThenFreesAllMemory()
    {
        var backend = BackendRegistry.Get(Device.Cpu);
        int before = backend.LiveStorages;
        using (var net = SmallNets.Filled(new ProbedNet()))
        {
            var session = InferenceSession.Compile(net, SmallNets.Input);
            float[] expected = Run(session), actual = new float[expected.Length];
            ProbeOp.Reached = () =>
            {
                session.Dispose();
                // Packed weights that were freed too early are these now.
                using var other = new ProbedNet();
                other.Materialize(Device.Cpu, DType.F32, new Generator(5));
                other.Eval();
                using var taken = InferenceSession.Compile(other, SmallNets.Input);
            };

            session.Run(SmallNets.Values(SmallNets.Input), actual);

            Assert.That(actual, Is.EqualTo(expected));
            ProbeOp.Reached = null;
            Assert.That(() => Run(session), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(session.Dispose, Throws.Nothing, "a second time");
        }

        Assert.That(backend.LiveStorages, Is.EqualTo(before));
    }

    [Test]
    public void Run_CancelledHalfWay_LeavesTheOutput_AndTheSessionGoesOn()
    {
        using var net = SmallNets.Filled(new ProbedNet());
        using var session = InferenceSession.Compile(net, SmallNets.Input);
        float[] expected = Run(session), output = new float[expected.Length];
        Array.Fill(output, -7);
        using var cancellation = new CancellationTokenSource();
        ProbeOp.Reached = cancellation.Cancel;

        Assert.That(() => session.Run(SmallNets.Values(SmallNets.Input, "x"), output, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(output, Is.All.EqualTo(-7));
        ProbeOp.Reached = null;
        Assert.That(Run(session), Is.EqualTo(expected), "what the cancelled run left behind is of no effect");
    }

    [Test]
    public void Profile_CancelledHalfWay_StopsBeforeTheNextStep_AndTheSessionGoesOn()
    {
        using var net = SmallNets.Filled(new ProbedNet());
        using var session = InferenceSession.Compile(net, SmallNets.Input);
        float[] expected = Run(session);
        using var cancellation = new CancellationTokenSource();
        int reached = 0;
        ProbeOp.Reached = () =>
        {
            reached++;
            cancellation.Cancel();
        };

        Assert.That(() => session.Profile(cancellation: cancellation.Token), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(reached, Is.EqualTo(1));
        ProbeOp.Reached = null;
        Assert.That(Run(session), Is.EqualTo(expected), "what the cancelled run left behind is of no effect");
    }

    [Test]
    public void Run_OfWhichAStepFails_LeavesTheSessionUsable()
    {
        using var net = SmallNets.Filled(new ProbedNet());
        using var session = InferenceSession.Compile(net, SmallNets.Input);
        float[] expected = Run(session);
        ProbeOp.Reached = () => throw new InvalidOperationException("half way");

        Assert.That(() => Run(session), Throws.InvalidOperationException.With.Message.EqualTo("half way"));

        ProbeOp.Reached = null;
        Assert.That(Run(session), Is.EqualTo(expected));
    }

    [Test]
    public void Run_OfSeveralSessionsAtOnce_GivesEachItsOwnResult()
    {
        ResNetOptions[] kinds = [SmallNets.ResNeSt, SmallNets.ResNeSt with { Radix = 1, Cardinality = 2, BottleneckWidth = 40 }, SmallNets.ResNeSt with { OutputStride = 8 }];
        var sessions = kinds.Select((kind, i) =>
        {
            using var net = SmallNets.Filled(new ResNet(kind));
            return InferenceSession.Compile(net, SmallNets.Input, new InferenceOptions { Threads = i + 1 });
        }).ToArray();
        try
        {
            var expected = sessions.Select(Run).ToArray();

            var actual = new float[30][];
            Parallel.For(0, actual.Length, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i => actual[i] = Run(sessions[i % sessions.Length]));

            for (int i = 0; i < actual.Length; i++)
                Assert.That(actual[i], Is.EqualTo(expected[i % sessions.Length]), $"run {i}");
        }
        finally
        {
            foreach (var session in sessions)
                session.Dispose();
        }
    }

    [Test]
    public void Trim_GivesTheMemoryBackToTheSystem()
    {
        using var net = SmallNets.Filled(new ResNet(SmallNets.ResNeSt));
        using var session = InferenceSession.Compile(net, new TensorSpec([64, 3, 128, 128], DType.F32));
        Assert.That(session.ArenaBytes, Is.GreaterThan(40_000_000), "else the figures of the system are too coarse");
        Run(session);
        long before = Environment.WorkingSet;

        session.Trim();

        Assert.That(before - Environment.WorkingSet, Is.GreaterThan(session.ArenaBytes / 2));
    }

    private static float[] Run(InferenceSession session)
    {
        var output = new float[session.Output.ElementCount];
        session.Run(SmallNets.Values(session.Input), output);
        return output;
    }
}
