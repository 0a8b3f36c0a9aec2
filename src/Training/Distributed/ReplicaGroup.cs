using System.Runtime.InteropServices;

namespace ResNeSt.Training;

/// <summary>Replicas that compute together: each holds the network and part of every batch.</summary>
/// <remarks>Sums are taken in the order of the ranks, each element by one replica, so that results do not depend on who is faster. All
/// replicas must make the same calls in the same order.</remarks>
public abstract class ReplicaGroup : IDisposable
{
    /// <summary>Number of this replica, from zero.</summary>
    public abstract int Rank { get; }

    /// <summary>Number of replicas.</summary>
    public abstract int Size { get; }

    /// <summary>Sums gradients in the memory of the devices, or null: then they travel through the host's.</summary>
    /// <remarks>Who sets it disposes it, while all replicas are there; the group does not.</remarks>
    public IGradientReducer? Reducer { get; set; }

    /// <summary>Sums each element over all replicas; all get the same bits.</summary>
    public void AllReduceSum(Span<float> values) => AllReduce<float>(values, static (part, sum) =>
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += part[i];
    });

    /// <inheritdoc cref="AllReduceSum(Span{float})"/>
    public void AllReduceSum(Span<double> values) => AllReduce<double>(values, static (part, sum) =>
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += part[i];
    });

    /// <summary>Gives the values of the first replica to all.</summary>
    public void Broadcast<T>(Span<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        var all = new byte[bytes.Length * Size];
        AllGather(bytes, all);
        all.AsSpan(0, bytes.Length).CopyTo(bytes);
    }

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>Sends the r-th part of <paramref name="send"/> to replica r; the part that came from replica r becomes the r-th of <paramref name="receive"/>.</summary>
    protected abstract void AllToAll(ReadOnlySpan<byte> send, Span<byte> receive);

    /// <summary>What replica r gives becomes the r-th part of <paramref name="all"/>.</summary>
    protected abstract void AllGather(ReadOnlySpan<byte> mine, Span<byte> all);

    private void AllReduce<T>(Span<T> values, AddInto<T> add)
        where T : unmanaged
    {
        if (Size == 1 || values.IsEmpty)
            return;
        // Each replica sums one part of the elements, in the order of the ranks, and gives the sums to all.
        int part = (values.Length + Size - 1) / Size;
        var sent = new T[part * Size];
        var received = new T[part * Size];
        values.CopyTo(sent);
        AllToAll(MemoryMarshal.AsBytes(sent.AsSpan()), MemoryMarshal.AsBytes(received.AsSpan()));
        var sum = received.AsSpan(0, part);
        for (int rank = 1; rank < Size; rank++)
            add(received.AsSpan(rank * part, part), sum);
        AllGather(MemoryMarshal.AsBytes(sum), MemoryMarshal.AsBytes(sent.AsSpan()));
        sent.AsSpan(0, values.Length).CopyTo(values);
    }

    private delegate void AddInto<T>(ReadOnlySpan<T> part, Span<T> sum);
}
