using System.Collections.Concurrent;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>The threads of the backend.</summary>
public sealed class WorkerPoolTests
{
    [TestCase(1, 1)]
    [TestCase(2, 1)]
    [TestCase(2, 1000)]
    [TestCase(5, 3)]
    [TestCase(5, 1000)]
    public void Run_OfManyRegions_RunsEveryChunkOnce(int threads, int chunks)
    {
        using var restore = new Threads(threads);
        for (int region = 0; region < 200; region++)
        {
            var counts = new int[chunks];
            ParallelRows.For(chunks, chunk => Interlocked.Increment(ref counts[chunk]));
            Assert.That(counts, Is.All.EqualTo(1), $"region {region}");
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void Run_ForFewerThreadsThanThereAre_UsesNoMore(int threads)
    {
        using var restore = new Threads(6);
        ParallelRows.For(200, _ => Thread.SpinWait(2_000));
        for (int region = 0; region < 20; region++)
        {
            var used = new HashSet<int>();
            WorkerPool.Shared.Run(60, threads, _ =>
            {
                Thread.SpinWait(5_000);
                lock (used)
                    used.Add(Environment.CurrentManagedThreadId);
            });
            Assert.That(used, Has.Count.LessThanOrEqualTo(threads), $"region {region}");
        }
    }

    [TestCase(65_535)]
    [TestCase(65_536)]
    [TestCase(200_001)]
    public void Run_OfMoreChunksThanARunCounts_RunsEveryChunkOnce(int chunks)
    {
        using var restore = new Threads(3);
        var counts = new int[chunks];
        ParallelRows.For(chunks, chunk => Interlocked.Increment(ref counts[chunk]));
        Assert.That(counts.All(count => count == 1), Is.True);
    }

    [Test]
    public void Run_WithAHelper_TakesItsOwnChunksOneAfterTheOther()
    {
        using var restore = new Threads(2);
        const int Chunks = 40;
        for (int region = 0; region < 20; region++)
        {
            int caller = Environment.CurrentManagedThreadId;
            var taken = new List<int>();
            ParallelRows.For(Chunks, chunk =>
            {
                Thread.SpinWait(2_000);
                if (Environment.CurrentManagedThreadId == caller)
                    taken.Add(chunk);
            });

            // The other thread takes from the end of this one's half, and this one from the end of the other half.
            var own = taken.TakeWhile(chunk => chunk < Chunks / 2).ToArray();
            Assert.That(own, Is.EqualTo(Enumerable.Range(0, own.Length)), $"region {region}");
            Assert.That(taken.Skip(own.Length), Is.Ordered.Descending.And.All.GreaterThanOrEqualTo(Chunks / 2), $"region {region}");
        }
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(4)]
    public void Run_TellsEachChunk_WhatItsThreadRanJustBefore(int threads)
    {
        const int Chunks = 40;
        int told = 0;
        for (int region = 0; region < 50; region++)
        {
            var last = new ConcurrentDictionary<int, int>();
            var wrong = new ConcurrentBag<string>();
            WorkerPool.Shared.Run(Chunks, threads, (chunk, before) =>
            {
                Thread.SpinWait(200);
                int ran = last.GetValueOrDefault(Environment.CurrentManagedThreadId, -1);
                // A thread that comes to help once more starts anew.
                if (before != ran && before != -1)
                    wrong.Add($"chunk {chunk} of region {region}: told {before}, ran {ran}");
                if (before >= 0)
                    Interlocked.Increment(ref told);
                last[Environment.CurrentManagedThreadId] = chunk;
            });
            Assert.That(wrong, Is.Empty);
        }

        Assert.That(told, Is.GreaterThanOrEqualTo(50 * (Chunks - threads) / 2));
    }

    /// <summary>What a chunk that failed left behind is of no use.</summary>
    [TestCase(2)]
    [TestCase(3)]
    public void Run_AfterAChunkThatThrew_TellsItsThreadOfNone(int threads)
    {
        const int Chunks = 40;
        int told = 0;
        for (int region = 0; region < 50; region++)
        {
            var last = new ConcurrentDictionary<int, int>();
            var wrong = new ConcurrentBag<string>();
            Assert.That(
                () => WorkerPool.Shared.Run(Chunks, threads, (chunk, before) =>
                {
                    Thread.SpinWait(200);
                    int ran = last.GetValueOrDefault(Environment.CurrentManagedThreadId, -1);
                    last[Environment.CurrentManagedThreadId] = chunk;
                    if (before != -1 && (before != ran || Fails(ran)))
                        wrong.Add($"chunk {chunk} of region {region}: told {before}, ran {ran}");
                    if (ran >= 0 && Fails(ran))
                        Interlocked.Increment(ref told);
                    if (Fails(chunk))
                        throw new InvalidOperationException();
                }),
                Throws.InvalidOperationException);
            Assert.That(wrong, Is.Empty);
        }

        Assert.That(told, Is.GreaterThan(0));

        static bool Fails(int chunk) => chunk % 7 == 3;
    }

    [Test]
    public void Run_InsideAChunk_RunsThere()
    {
        using var restore = new Threads(4);
        var counts = new int[8 * 8];
        ParallelRows.For(8, outer =>
        {
            int thread = Environment.CurrentManagedThreadId;
            ParallelRows.For(8, inner =>
            {
                Assert.That(Environment.CurrentManagedThreadId, Is.EqualTo(thread));
                Interlocked.Increment(ref counts[outer * 8 + inner]);
            });
        });

        Assert.That(counts, Is.All.EqualTo(1));
    }

    [Test]
    public void Run_FromMoreCallersThanSlots_ServesThemAll()
    {
        using var restore = new Threads(3);
        var sums = new long[40];
        var callers = Enumerable.Range(0, sums.Length).Select(i => new Thread(() =>
        {
            for (int region = 0; region < 50; region++)
                ParallelRows.For(20, chunk => Interlocked.Add(ref sums[i], chunk));
        })).ToArray();
        foreach (var caller in callers)
            caller.Start();
        foreach (var caller in callers)
            caller.Join();

        Assert.That(sums, Is.All.EqualTo(50 * 190));
    }

    [Test]
    public void Run_WhoseChunkThrows_ThrowsThatAndStaysUsable()
    {
        using var restore = new Threads(2);
        for (int region = 0; region < 50; region++)
        {
            Assert.That(
                () => ParallelRows.For(64, chunk =>
                {
                    if (chunk == 33)
                        throw new InvalidOperationException("chunk 33");
                }),
                Throws.InvalidOperationException.With.Message.EqualTo("chunk 33"));
        }

        int done = 0;
        ParallelRows.For(64, _ => Interlocked.Increment(ref done));
        Assert.That(done, Is.EqualTo(64));
    }

    [Test]
    public void Run_WithThreadsChangedInBetween_GoesOn()
    {
        using var restore = new Threads(1);
        for (int region = 0; region < 300; region++)
        {
            EngineSettings.Threads = 1 + region % 6;
            // Long enough apart, now and then, that the threads fall asleep.
            if (region % 100 == 50)
                Thread.Sleep(5);
            int done = 0;
            ParallelRows.For(17, _ => Interlocked.Increment(ref done));
            Assert.That(done, Is.EqualTo(17), $"region {region}");
        }
    }

    [Test]
    public void Run_AfterTheFirst_AllocatesNothing()
    {
        using var restore = new Threads(2);
        Action<int> body = static _ => Thread.SpinWait(10);
        for (int region = 0; region < 50; region++)
            ParallelRows.For(8, body);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int region = 0; region < 1000; region++)
            ParallelRows.For(8, body);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    public void Run_OfABodyThatIsToldWhatRanBefore_AllocatesNothing()
    {
        Action<int, int> body = static (_, _) => Thread.SpinWait(10);
        for (int region = 0; region < 50; region++)
            WorkerPool.Shared.Run(8, 2, body);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int region = 0; region < 1000; region++)
            WorkerPool.Shared.Run(8, 2, body);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    /// <summary>Sets the number of threads until disposed.</summary>
    private sealed class Threads : IDisposable
    {
        private readonly int _before = EngineSettings.Threads;

        public Threads(int count) => EngineSettings.Threads = count;

        public void Dispose() => EngineSettings.Threads = _before;
    }
}
