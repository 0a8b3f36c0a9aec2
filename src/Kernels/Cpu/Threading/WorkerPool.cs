using System.Diagnostics;
using System.Runtime.ExceptionServices;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Threads that wait for chunks of work: they spin for a moment after the last one, since the next operator follows within microseconds, and then sleep.</summary>
/// <remarks>Starting work on spinning threads costs below a microsecond and no allocation. Several callers may run work at once, each in a slot of its
/// own; work started from inside a chunk runs on the thread that starts it.</remarks>
internal sealed class WorkerPool
{
    private const int Slots = 16;

    // Long enough for the gap between two operators, short enough not to be in the way of other processes.
    private static readonly long SpinTicks = Environment.ProcessorCount > 1 ? Stopwatch.Frequency / 20_000 : 0;

    [ThreadStatic]
    private static bool _insideChunk;

    private readonly Work[] _slots = new Work[Slots];
    private readonly object _gate = new();
    private int _workers;
    private int _sleepers;
    private int _version;

    private WorkerPool()
    {
        for (int i = 0; i < Slots; i++)
            _slots[i] = new Work();
    }

    /// <summary>The pool of this process; its threads are started when they are first needed.</summary>
    public static WorkerPool Shared { get; } = new();

    /// <summary>Runs <paramref name="body"/> for chunks 0 to <paramref name="chunks"/> - 1 on this thread and up to <paramref name="threads"/> - 1 others, and returns when all are done.</summary>
    public void Run(int chunks, int threads, Action<int> body)
    {
        if (threads <= 1 || chunks <= 1 || _insideChunk || !TryTakeSlot(out var work))
        {
            for (int chunk = 0; chunk < chunks; chunk++)
                body(chunk);
            return;
        }

        // A thread without a chunk would be of no use.
        int helpers = Math.Min(Math.Min(threads, chunks) - 1, Work.MostHelpers);
        _insideChunk = true;
        try
        {
            StartWorkers(helpers);
            work.Begin(body, chunks, helpers);
            Signal(helpers);
            work.Run();

            var waiting = new SpinWait();
            while (!work.IsDone)
                waiting.SpinOnce(sleep1Threshold: -1);
        }
        finally
        {
            _insideChunk = false;
            work.End();
        }
    }

    private bool TryTakeSlot(out Work taken)
    {
        foreach (var work in _slots)
        {
            if (work.TryTake())
            {
                taken = work;
                return true;
            }
        }

        taken = _slots[0];
        return false;
    }

    private void StartWorkers(int count)
    {
        if (Volatile.Read(ref _workers) >= count)
            return;
        lock (_gate)
        {
            for (; _workers < count; _workers++)
                new Thread(Serve) { IsBackground = true, Name = $"ResNeSt worker {_workers + 1}" }.Start();
        }
    }

    private void Signal(int helpers)
    {
        Interlocked.Increment(ref _version);
        if (Volatile.Read(ref _sleepers) == 0)
            return;
        lock (_gate)
        {
            for (int i = Math.Min(helpers, _sleepers); i > 0; i--)
                Monitor.Pulse(_gate);
        }
    }

    private void Serve()
    {
        _insideChunk = true;
        while (true)
        {
            int seen = Volatile.Read(ref _version);
            bool isWanted = true;
            foreach (var work in _slots)
                isWanted &= work.Help();

            // Who found work with helpers enough is not in the way of other processes.
            long until = Stopwatch.GetTimestamp() + SpinTicks;
            while (isWanted && Volatile.Read(ref _version) == seen && Stopwatch.GetTimestamp() < until)
                Thread.SpinWait(8);
            if (Volatile.Read(ref _version) == seen)
                Sleep(seen);
        }
    }

    private void Sleep(int seen)
    {
        lock (_gate)
        {
            // The order matters: a caller raises the version first and then looks for sleepers.
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _version) == seen)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _sleepers);
        }
    }

    /// <summary>The chunks of one caller.</summary>
    private sealed class Work
    {
        /// <summary>Threads that can help one caller at most; a caller that wishes more gets these.</summary>
        public const int MostHelpers = (1 << HelperBits) - 1;

        private const int HelperBits = 10, ChunkBits = 32;
        private const long OneHelper = 1L << ChunkBits, Helpers = (long)MostHelpers << ChunkBits;

        // From above: a number that rises with every use, 22 bits; threads that may still come to help, 10; chunks not yet begun, 32. One word, so
        // that a thread that read it before the slot was used again cannot take a chunk of the new work for one of the old.
        private long _state;
        private int _taken;
        private int _done;
        private int _chunks;
        private Action<int>? _body;
        private ExceptionDispatchInfo? _error;

        public bool IsDone => Volatile.Read(ref _done) == _chunks;

        public bool TryTake() => Volatile.Read(ref _taken) == 0 && Interlocked.CompareExchange(ref _taken, 1, 0) == 0;

        public void Begin(Action<int> body, int chunks, int helpers)
        {
            _body = body;
            _chunks = chunks;
            _done = 0;
            _error = null;
            Interlocked.Exchange(ref _state, (UseOf(_state) + 1) << (ChunkBits + HelperBits) | helpers * OneHelper | (uint)chunks);
        }

        public void End()
        {
            var error = _error;
            _body = null;
            _error = null;
            Volatile.Write(ref _taken, 0);
            error?.Throw();
        }

        /// <summary>What the caller does: runs chunks until none is left.</summary>
        public void Run()
        {
            while (true)
            {
                long state = Volatile.Read(ref _state);
                if ((int)state == 0)
                    return;
                if (Interlocked.CompareExchange(ref _state, state - 1, state) == state)
                    RunChunk(state);
            }
        }

        /// <summary>What a worker does: runs chunks until none is left. False if there is work, and helpers enough.</summary>
        /// <remarks>It takes a place with its first chunk, and keeps it: whoever leaves does so because nothing is left.</remarks>
        public bool Help()
        {
            long joined = -1;
            while (true)
            {
                long state = Volatile.Read(ref _state);
                if ((int)state == 0)
                    return true;
                long use = UseOf(state), next = state - 1;
                if (use != joined)
                {
                    if ((state & Helpers) == 0)
                        return false;
                    next -= OneHelper;
                }

                if (Interlocked.CompareExchange(ref _state, next, state) != state)
                    continue;
                joined = use;
                RunChunk(state);
            }
        }

        private static long UseOf(long state) => state >>> (ChunkBits + HelperBits);

        // As long as this chunk is not done, the slot cannot be used again: body and number of chunks belong to the state.
        private void RunChunk(long state)
        {
            try
            {
                _body!(_chunks - (int)state);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(e), null);
            }

            Interlocked.Increment(ref _done);
        }
    }
}
