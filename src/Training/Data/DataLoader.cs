using System.Runtime.ExceptionServices;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Makes batches in worker threads, ahead of the consumer, in an order that seed and epoch alone decide.</summary>
/// <remarks>The random changes of a sample depend on seed, epoch and the sample's place in the epoch, so that batches have equal bits for any
/// number of workers and from any first batch on: a run resumes in the middle of an epoch without reading what it has seen.</remarks>
public sealed class DataLoader
{
    private readonly PictureDataset _dataset;
    private readonly SamplePipeline _pipeline;

    /// <param name="dataset">The pictures.</param>
    /// <param name="pipeline">How they become samples.</param>
    /// <param name="batchSize">Samples of a batch.</param>
    public DataLoader(PictureDataset dataset, SamplePipeline pipeline, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        _dataset = dataset;
        _pipeline = pipeline;
        BatchSize = batchSize;
    }

    /// <summary>Samples of a batch, over all replicas.</summary>
    public int BatchSize { get; }

    /// <summary>Seed of order and chance.</summary>
    public ulong Seed { get; init; }

    /// <summary>A new order every epoch; else the order of the data set.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Leave out a last batch that is not full.</summary>
    public bool DropLast { get; init; } = true;

    /// <summary>Threads that read and augment; 0 does it in the consumer's thread.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Batches that may wait for the consumer.</summary>
    public int Prefetch { get; init; } = 4;

    /// <summary>Leave out pictures that cannot be read, and name them; else the first one is an error.</summary>
    public bool SkipUnreadable { get; init; }

    /// <summary>Which part of every batch to make, where several replicas share it.</summary>
    public int Rank { get; init; }

    /// <summary>Number of replicas that share every batch.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Batches of an epoch.</summary>
    public int BatchesPerEpoch => DropLast ? _dataset.Count / BatchSize : (_dataset.Count + BatchSize - 1) / BatchSize;

    /// <summary>The batches of an epoch, from one on.</summary>
    /// <param name="epoch">Decides order and chance.</param>
    /// <param name="first">Batches to leave out.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="DataFileException">A picture cannot be read, and is not to be skipped.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int first = 0, CancellationToken cancellation = default)
    {
        int[] order = Shuffle ? Shuffling.Order(_dataset.Count, Seed, epoch) : [.. Enumerable.Range(0, _dataset.Count)];
        return Workers == 0 ? Serial(order, epoch, first, cancellation) : Threaded(order, epoch, first, cancellation);
    }

    private IEnumerable<Batch> Serial(int[] order, int epoch, int first, CancellationToken cancellation)
    {
        for (int i = first; i < BatchesPerEpoch; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return Make(order, epoch, i);
        }
    }

    private IEnumerable<Batch> Threaded(int[] order, int epoch, int first, CancellationToken cancellation)
    {
        int count = BatchesPerEpoch - first;
        if (count <= 0)
            yield break;
        // A slot a batch; workers take the next free number and may be at most Prefetch ahead of the consumer.
        var slots = new TaskCompletionSource<Batch>[count];
        for (int i = 0; i < count; i++)
            slots[i] = new TaskCompletionSource<Batch>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var room = new SemaphoreSlim(Math.Max(Prefetch, Workers));
        int next = -1;
        var threads = new Thread[Math.Min(Workers, count)];
        for (int t = 0; t < threads.Length; t++)
        {
            threads[t] = new Thread(Work) { IsBackground = true, Name = $"data loader {t}" };
            threads[t].Start();
        }

        try
        {
            for (int i = 0; i < count; i++)
            {
                Batch batch;
                try
                {
                    slots[i].Task.Wait(cancellation);
                    batch = slots[i].Task.Result;
                }
                catch (AggregateException error) when (error.InnerException is { } inner)
                {
                    ExceptionDispatchInfo.Throw(inner);
                    throw;
                }

                slots[i] = null!;
                room.Release();
                yield return batch;
            }
        }
        finally
        {
            stop.Cancel();
            foreach (var thread in threads)
                thread.Join();
        }

        void Work()
        {
            try
            {
                while (true)
                {
                    room.Wait(stop.Token);
                    int i = Interlocked.Increment(ref next);
                    if (i >= count)
                        return;
                    try
                    {
                        slots[i].SetResult(Make(order, epoch, first + i));
                    }
                    catch (Exception error)
                    {
                        // Handed over to the consumer, whatever it is: a thread must not take the process down.
                        slots[i].SetException(error);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The consumer has enough.
            }
        }
    }

    private Batch Make(int[] order, int epoch, int number)
    {
        int start = number * BatchSize, size = Math.Min(BatchSize, order.Length - start);
        int share = (size + Replicas - 1) / Replicas;
        int from = start + Math.Min(size, Rank * share), to = start + Math.Min(size, (Rank + 1) * share);
        int length = _pipeline.Channels * _pipeline.Size * _pipeline.Size;
        var pixels = new float[(to - from) * length];
        var labels = new long[to - from];
        var skipped = new List<SkippedSample>();
        int kept = 0;
        for (int place = from; place < to; place++)
        {
            int index = order[place];
            try
            {
                var generator = new Generator(Shuffling.Seed(Seed, (ulong)epoch, (ulong)place));
                _pipeline.Write(_dataset.Read(index), generator, pixels.AsSpan(kept * length, length));
                labels[kept++] = _dataset.Label(index);
            }
            catch (DataFileException error) when (SkipUnreadable)
            {
                skipped.Add(new SkippedSample(_dataset.Name(index), error.What));
            }
            catch (DataFileException error)
            {
                throw error.WithFile(_dataset.Name(index));
            }
        }

        if (kept < labels.Length)
        {
            Array.Resize(ref pixels, kept * length);
            Array.Resize(ref labels, kept);
        }

        return new Batch(pixels, labels, _pipeline.Channels, _pipeline.Size, _pipeline.Size, skipped);
    }
}
