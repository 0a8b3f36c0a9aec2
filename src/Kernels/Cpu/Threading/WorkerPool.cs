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
    /// <param name="chunks">Number of chunks.</param>
    /// <param name="threads">Threads at most.</param>
    /// <param name="body">Gets a chunk and the one that the same thread ran to its end just before it in this call, and nothing else since; -1 if none. What that
    /// one left in <see cref="ThreadScratch"/> is still there until this one asks for more of the same use than any before. Who computes what depends on chance:
    /// a chunk may use that only if it has exactly the bits that the chunk would make itself.</param>
    public void Run(int chunks, int threads, Action<int, int> body) => RunAll(chunks, threads, body);

    /// <summary>The same for a body that prepares nothing.</summary>
    public void Run(int chunks, int threads, Action<int> body) => RunAll(chunks, threads, body);

    private void RunAll(int chunks, int threads, Delegate body)
    {
        if (threads <= 1 || chunks <= 1 || _insideChunk || !TryTakeSlot(out var work))
        {
            for (int chunk = 0; chunk < chunks; chunk++)
                Call(body, chunk, chunk - 1);
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

    private static void Call(Delegate body, int chunk, int before)
    {
        if (body is Action<int, int> follows)
            follows(chunk, before);
        else
            ((Action<int>)body)(chunk);
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
    /// <remarks>Each thread has a run of its own and takes its chunks one after the other: neighbours share memory, and a chunk may fetch what the next one
    /// reads. Whoever has none left takes the last ones of others.</remarks>
    private sealed class Work
    {
        /// <summary>Threads that can help one caller at most; a caller that wishes more gets these.</summary>
        public const int MostHelpers = (1 << HelperBits) - 1;

        private const int HelperBits = 8;

        // Words of different threads lie in different cache lines.
        private const int Line = 64 / sizeof(long);

        // A run is a word: a number that rises with every use in the upper half, the run's first unit that nobody took and its end in 16 bits each. So a
        // thread that read it before the slot was used again cannot take a chunk of the new work for one of the old.
        private const int UnitBits = 16, MostUnits = (1 << UnitBits) - 1;
        private readonly long[] _runs = new long[(MostHelpers + 1) * Line];

        // The same number in the upper half, and threads that may still come to help.
        private long _places;
        private int _taken;
        private int _done;
        private int _chunks;
        private int _unit;
        private int _threads;
        private Delegate? _body;
        private ExceptionDispatchInfo? _error;

        public bool IsDone => Volatile.Read(ref _done) == _chunks;

        public bool TryTake() => Volatile.Read(ref _taken) == 0 && Interlocked.CompareExchange(ref _taken, 1, 0) == 0;

        public void Begin(Delegate body, int chunks, int helpers)
        {
            _body = body;
            _chunks = chunks;
            _done = 0;
            _error = null;
            _threads = helpers + 1;
            _unit = (chunks + MostUnits - 1) / MostUnits;
            uint use = UseOf(_places) + 1;
            long units = (chunks + _unit - 1) / _unit;
            for (int thread = 0; thread < _threads; thread++)
                Volatile.Write(ref _runs[thread * Line], Word(use, units * thread / _threads, units * (thread + 1) / _threads));
            Interlocked.Exchange(ref _places, (long)use << 32 | (uint)helpers);
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
        public void Run() => RunAll(0, UseOf(_places));

        /// <summary>What a worker does: takes a place, if there is one, and runs chunks until none is left. False if there is work, and helpers enough.</summary>
        public bool Help()
        {
            for (bool helped = false; ;)
            {
                long places = Volatile.Read(ref _places);
                if ((int)places == 0)
                    return helped || IsDone;
                if (Interlocked.CompareExchange(ref _places, places - 1, places) != places)
                    continue;
                RunAll((int)places, UseOf(places));
                helped = true;
            }
        }

        private static uint UseOf(long word) => (uint)(word >>> 32);

        private static long Word(uint use, long first, long end) => (long)use << 32 | first << UnitBits | end;

        private void RunAll(int thread, uint use)
        {
            int before = -1;
            for (int unit; (unit = Take(thread, use, fromEnd: false)) >= 0;)
                RunUnit(unit, ref before);
            // Places that nobody took, and threads that are slower.
            int threads = _threads;
            for (int other = 1; other < threads; other++)
            {
                for (int unit; (unit = Take((thread + other) % threads, use, fromEnd: true)) >= 0;)
                    RunUnit(unit, ref before);
            }
        }

        // A unit of a thread's run; -1 if none is left, or the slot has another use by now.
        private int Take(int thread, uint use, bool fromEnd)
        {
            ref long run = ref _runs[thread * Line];
            while (true)
            {
                long word = Volatile.Read(ref run);
                int first = (int)(word >> UnitBits) & MostUnits, end = (int)word & MostUnits;
                if (UseOf(word) != use || first == end)
                    return -1;
                if (Interlocked.CompareExchange(ref run, fromEnd ? word - 1 : word + (1 << UnitBits), word) == word)
                    return fromEnd ? end - 1 : first;
            }
        }

        // As long as its chunks are not done, the slot cannot be used again: body and number of chunks belong to the unit.
        private void RunUnit(int unit, ref int before)
        {
            int end = Math.Min(_chunks, (unit + 1) * _unit);
            for (int chunk = unit * _unit; chunk < end; chunk++)
            {
                try
                {
                    Call(_body!, chunk, before);
                    before = chunk;
                }
                catch (Exception e)
                {
                    before = -1;
                    Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(e), null);
                }

                Interlocked.Increment(ref _done);
            }
        }
    }
}
