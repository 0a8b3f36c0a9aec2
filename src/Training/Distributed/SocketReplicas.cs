using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ResNeSt.Training;

/// <summary>Replicas that are processes of one machine: the first listens on the loopback interface, all messages go through it.</summary>
/// <remarks>Whoever connects must know a random number that only the started processes are told. Across machines use <see cref="MpiReplicas"/>.</remarks>
public sealed class SocketReplicas : ReplicaGroup
{
    private readonly NetworkStream?[] _peers;

    private SocketReplicas(int rank, NetworkStream?[] peers)
    {
        Rank = rank;
        _peers = peers;
    }

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size => _peers.Length;

    /// <summary>The first replica: waits until the others have come.</summary>
    /// <param name="listener">Started on the loopback interface.</param>
    /// <param name="size">Number of replicas.</param>
    /// <param name="secret">What the others must say.</param>
    /// <param name="patience">How long to wait.</param>
    /// <exception cref="IOException">Not all came.</exception>
    public static SocketReplicas Lead(TcpListener listener, int size, ulong secret, TimeSpan patience)
    {
        var peers = new NetworkStream?[size];
        using var late = new CancellationTokenSource(patience);
        try
        {
            Span<byte> hello = stackalloc byte[12];
            for (int present = 1; present < size;)
            {
                var stream = new NetworkStream(listener.AcceptSocketAsync(late.Token).AsTask().GetAwaiter().GetResult(), ownsSocket: true);
                stream.Socket.NoDelay = true;
                stream.ReadTimeout = 10_000;
                stream.ReadExactly(hello);
                int rank = BinaryPrimitives.ReadInt32LittleEndian(hello[8..]);
                if (BinaryPrimitives.ReadUInt64LittleEndian(hello) != secret || rank < 1 || rank >= size || peers[rank] is not null)
                {
                    stream.Dispose();
                    continue;
                }

                stream.ReadTimeout = Timeout.Infinite;
                peers[rank] = stream;
                present++;
            }

            return new SocketReplicas(0, peers);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException)
        {
            foreach (var peer in peers)
                peer?.Dispose();
            throw new IOException($"replicas: of {size - 1} other processes {peers.Count(peer => peer is not null)} came", error);
        }
    }

    /// <summary>One of the others.</summary>
    /// <param name="port">Where the first listens.</param>
    /// <param name="rank">Number of this replica, from one.</param>
    /// <param name="size">Number of replicas.</param>
    /// <param name="secret">What to say.</param>
    /// <exception cref="IOException">The first is not there.</exception>
    public static SocketReplicas Join(int port, int rank, int size, ulong secret)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            var stream = new NetworkStream(socket, ownsSocket: true);
            Span<byte> hello = stackalloc byte[12];
            BinaryPrimitives.WriteUInt64LittleEndian(hello, secret);
            BinaryPrimitives.WriteInt32LittleEndian(hello[8..], rank);
            stream.Write(hello);
            var peers = new NetworkStream?[size];
            peers[0] = stream;
            return new SocketReplicas(rank, peers);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new IOException("replicas: the first process is not there", error);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var peer in _peers)
            peer?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void AllToAll(ReadOnlySpan<byte> send, Span<byte> receive)
    {
        if (Rank != 0)
        {
            _peers[0]!.Write(send);
            _peers[0]!.ReadExactly(receive);
            return;
        }

        int part = send.Length / Size;
        var sent = Collect(send);
        var outgoing = new byte[send.Length];
        for (int rank = Size - 1; rank >= 0; rank--)
        {
            var target = rank == 0 ? receive : outgoing;
            for (int from = 0; from < Size; from++)
                sent[from].AsSpan(rank * part, part).CopyTo(target[(from * part)..]);
            _peers[rank]?.Write(target);
        }
    }

    /// <inheritdoc/>
    protected override void AllGather(ReadOnlySpan<byte> mine, Span<byte> all)
    {
        if (Rank != 0)
        {
            _peers[0]!.Write(mine);
            _peers[0]!.ReadExactly(all);
            return;
        }

        var parts = Collect(mine);
        for (int rank = 0; rank < Size; rank++)
            parts[rank].CopyTo(all[(rank * mine.Length)..]);
        foreach (var peer in _peers)
            peer?.Write(all);
    }

    private byte[][] Collect(ReadOnlySpan<byte> own)
    {
        var parts = new byte[Size][];
        parts[0] = own.ToArray();
        for (int rank = 1; rank < Size; rank++)
        {
            parts[rank] = new byte[own.Length];
            _peers[rank]!.ReadExactly(parts[rank]);
        }

        return parts;
    }
}
