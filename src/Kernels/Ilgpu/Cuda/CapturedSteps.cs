using System.Runtime.CompilerServices;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The steps of a session, recorded once for each set of buffers and then launched as one.</summary>
/// <remarks>The first run of a set launches step by step, which compiles kernels and uploads tables; the last step then records all of them again.
/// From the second run on the last step launches the recording and the others do nothing.</remarks>
/// <param name="record">Records what an action launches.</param>
/// <param name="launch">Launches a recording.</param>
/// <param name="stepByStep">Whether each step must launch by itself now, because somebody times it.</param>
internal sealed class CapturedSteps(Func<Action, IReplay> record, Action<IReplay> launch, Func<bool>? stepByStep = null)
{
    private readonly ConditionalWeakTable<IReadOnlyList<Storage>, Run> _runs = [];

    /// <summary>The steps, each wrapped.</summary>
    public IReadOnlyList<GraphStep> Wrap(IReadOnlyList<GraphStep> steps) => [.. steps.Select((step, index) => new Step(this, step, index, steps.Count))];

    private sealed class Step(CapturedSteps owner, GraphStep inner, int index, int count) : GraphStep
    {
        public override string Name => inner.Name;

        public override GraphNode? Node => inner.Node;

        public override IReadOnlyList<int> Reads => inner.Reads;

        public override IReadOnlyList<int> Writes => inner.Writes;

        public override long WeightBytes => inner.WeightBytes;

        public override BoundStep Bind(IReadOnlyList<Storage> buffers)
        {
            var run = owner._runs.GetValue(buffers, _ => new Run(owner, count));
            return run.Steps[index] = new Bound(run, inner.Bind(buffers), last: index == count - 1);
        }

        public override void Dispose()
        {
            inner.Dispose();
            base.Dispose();
        }
    }

    /// <summary>The steps tied to one set of buffers.</summary>
    private sealed class Run(CapturedSteps owner, int count) : IDisposable
    {
        private IReplay? _replay;

        public Bound[] Steps { get; } = new Bound[count];

        public bool IsRecorded => _replay is not null;

        public bool IsStepByStep => owner.IsStepByStep;

        public void Record(int threads) => _replay = owner.Recorder(() =>
        {
            foreach (var step in Steps)
                step.Inner.Run(threads);
        });

        public void Launch() => owner.Launcher(_replay!);

        public void Dispose()
        {
            _replay?.Dispose();
            _replay = null;
        }
    }

    private bool IsStepByStep => stepByStep is not null && stepByStep();

    private Func<Action, IReplay> Recorder => record;

    private Action<IReplay> Launcher => launch;

    private sealed class Bound(Run run, BoundStep inner, bool last) : BoundStep
    {
        public BoundStep Inner => inner;

        public override void Run(int threads)
        {
            if (run.IsStepByStep)
                inner.Run(threads);
            else if (!run.IsRecorded)
            {
                inner.Run(threads);
                if (last)
                    run.Record(threads);
            }
            else if (last)
                run.Launch();
        }

        public override void Dispose()
        {
            run.Dispose();
            inner.Dispose();
            base.Dispose();
        }
    }
}
