using ILGPU.Runtime;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>When steps run and when their recording does; what records here only counts, since no GPU is needed for that.</summary>
[TestFixture]
public sealed class CapturedStepsTests
{
    private readonly List<string> _log = [];
    private bool _timed;

    [SetUp]
    public void Clear()
    {
        _log.Clear();
        _timed = false;
    }

    [Test]
    public void Run_FirstTime_LaunchesStepByStepThenRecords()
    {
        var bound = Bind(new List<Storage>());
        RunAll(bound);
        Assert.That(_log, Is.EqualTo(new[] { "run a", "run b", "begin", "run a", "run b", "end" }));

        _log.Clear();
        RunAll(bound);
        RunAll(bound);
        Assert.That(_log, Is.EqualTo(new[] { "launch", "launch" }));
    }

    [Test]
    public void Run_OnOtherBuffers_RecordsAgain()
    {
        var steps = Steps();
        RunAll(Bind(new List<Storage>(), steps));
        _log.Clear();
        var other = Bind(new List<Storage>(), steps);
        RunAll(other);
        Assert.That(_log, Has.Some.EqualTo("begin"));

        _log.Clear();
        foreach (var step in other)
            step.Dispose();
        Assert.That(_log, Is.EqualTo(new[] { "free" }), "a recording goes with its buffers, once");
    }

    [Test]
    public void Run_WhileStepsAreTimed_LaunchesStepByStepAndKeepsTheRecording()
    {
        var bound = Bind(new List<Storage>());
        RunAll(bound);
        _log.Clear();
        _timed = true;
        RunAll(bound);
        Assert.That(_log, Is.EqualTo(new[] { "run a", "run b" }));

        _timed = false;
        RunAll(bound);
        Assert.That(_log, Is.EqualTo(new[] { "run a", "run b", "launch" }));
    }

    private IReadOnlyList<GraphStep> Steps() => new CapturedSteps(
        work =>
        {
            _log.Add("begin");
            work();
            _log.Add("end");
            return new Replay(_log);
        },
        replay => replay.Launch(null!),
        () => _timed).Wrap([new Step("a", _log), new Step("b", _log)]);

    private BoundStep[] Bind(IReadOnlyList<Storage> buffers, IReadOnlyList<GraphStep>? steps = null) => [.. (steps ?? Steps()).Select(step => step.Bind(buffers))];

    private static void RunAll(BoundStep[] steps)
    {
        foreach (var step in steps)
            step.Run(1);
    }

    private sealed class Replay(List<string> log) : IReplay
    {
        public void Launch(AcceleratorStream stream) => log.Add("launch");

        public void Dispose() => log.Add("free");
    }

    private sealed class Step(string name, List<string> log) : GraphStep
    {
        public override string Name => name;

        public override IReadOnlyList<int> Reads => [];

        public override IReadOnlyList<int> Writes => [];

        public override BoundStep Bind(IReadOnlyList<Storage> buffers) => new Bound(name, log);
    }

    private sealed class Bound(string name, List<string> log) : BoundStep
    {
        public override void Run(int threads) => log.Add($"run {name}");
    }
}
