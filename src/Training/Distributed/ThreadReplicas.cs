namespace ResNeSt.Training;

/// <summary>Replicas that are threads of one process, each with a device of its own or sharing one.</summary>
public sealed class ThreadReplicas : ReplicaGroup
{
    private readonly Shared _shared;

    private ThreadReplicas(Shared shared, int rank)
    {
        _shared = shared;
        Rank = rank;
    }

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size => _shared.Parts.Length;

    /// <summary>A group; each member is used by a thread of its own.</summary>
    /// <param name="count">Number of replicas.</param>
    public static IReadOnlyList<ThreadReplicas> Create(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var shared = new Shared(count);
        return [.. Enumerable.Range(0, count).Select(rank => new ThreadReplicas(shared, rank))];
    }

    /// <summary>Tells the others that this replica will not come any more: they fail instead of waiting for ever.</summary>
    public void Leave() => _shared.Cancellation.Cancel();

    /// <inheritdoc/>
    protected override void AllToAll(ReadOnlySpan<byte> send, Span<byte> receive)
    {
        int part = send.Length / Size;
        Put(send);
        for (int rank = 0; rank < Size; rank++)
            _shared.Parts[rank].AsSpan(Rank * part, part).CopyTo(receive[(rank * part)..]);
        Wait();
    }

    /// <inheritdoc/>
    protected override void AllGather(ReadOnlySpan<byte> mine, Span<byte> all)
    {
        Put(mine);
        for (int rank = 0; rank < Size; rank++)
            _shared.Parts[rank].CopyTo(all[(rank * mine.Length)..]);
        Wait();
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _shared.Parts[Rank] = bytes.ToArray();
        Wait();
    }

    private void Wait()
    {
        try
        {
            _shared.Barrier.SignalAndWait(_shared.Cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            throw new IOException("replicas: another replica has stopped");
        }
    }

    private sealed class Shared(int count)
    {
        public byte[][] Parts { get; } = new byte[count][];

        public Barrier Barrier { get; } = new(count);

        public CancellationTokenSource Cancellation { get; } = new();
    }
}
