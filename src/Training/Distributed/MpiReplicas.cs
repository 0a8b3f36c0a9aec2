using System.Runtime.InteropServices;

namespace ResNeSt.Training;

/// <summary>Replicas started by mpirun, on one machine or many: the system's Open MPI or MPICH, called directly.</summary>
/// <remarks>Only MPI_Alltoall and MPI_Allgather of bytes are used, so that the order of sums is ours on every library.</remarks>
public sealed class MpiReplicas : ReplicaGroup
{
    private const int LoadNow = 2, LoadGlobal = 0x100, MostBytes = 1 << 30;

    private readonly IntPtr _library;
    private readonly IntPtr _world;
    private readonly IntPtr _byte;
    private readonly Exchange _allToAll;
    private readonly Exchange _allGather;

    private MpiReplicas(bool openMpi)
    {
        string[] names = openMpi ? ["libmpi.so.40", "libmpi.so.80", "libmpi.so"] : ["libmpich.so.12", "libmpi.so.12", "libmpi.so"];
        // Its plug-ins look for its symbols among the global ones.
        _library = names.Select(name => DlOpen(name, LoadNow | LoadGlobal)).FirstOrDefault(handle => handle != IntPtr.Zero);
        if (_library == IntPtr.Zero)
            throw new DllNotFoundException($"MPI: none of {string.Join(", ", names)} could be loaded; install {(openMpi ? "Open MPI (libopenmpi3)" : "MPICH (libmpich12)")}");
        // Open MPI's handles are addresses of globals, MPICH's are numbers.
        _world = openMpi ? NativeLibrary.GetExport(_library, "ompi_mpi_comm_world") : 0x44000000;
        _byte = openMpi ? NativeLibrary.GetExport(_library, "ompi_mpi_byte") : 0x4c00010d;
        _allToAll = Function<Exchange>("MPI_Alltoall");
        _allGather = Function<Exchange>("MPI_Allgather");
        Check(Function<Init>("MPI_Init")(IntPtr.Zero, IntPtr.Zero), "MPI_Init");
        Check(Function<Query>("MPI_Comm_rank")(_world, out int rank), "MPI_Comm_rank");
        Check(Function<Query>("MPI_Comm_size")(_world, out int size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
    }

    private delegate int Init(IntPtr count, IntPtr arguments);

    private delegate int Query(IntPtr communicator, out int value);

    private delegate int Exchange(IntPtr send, int sendCount, IntPtr sendType, IntPtr receive, int receiveCount, IntPtr receiveType, IntPtr communicator);

    private delegate int Finish();

    /// <summary>Whether this process was started by mpirun.</summary>
    public static bool IsStartedByMpi => IsOpenMpi || Environment.GetEnvironmentVariable("PMI_SIZE") is not null;

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size { get; }

    private static bool IsOpenMpi => Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_SIZE") is not null;

    /// <summary>Joins the processes that mpirun started.</summary>
    /// <exception cref="DllNotFoundException">The library is not there.</exception>
    /// <exception cref="IOException">The library fails.</exception>
    public static MpiReplicas Join() => new(IsOpenMpi);

    /// <summary>Ends MPI; only after success: mpirun stops the others when a process ends without.</summary>
    public override void Dispose()
    {
        Check(Function<Finish>("MPI_Finalize")(), "MPI_Finalize");
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void AllToAll(ReadOnlySpan<byte> send, Span<byte> receive) => Call(_allToAll, send, receive, send.Length / Size, "MPI_Alltoall");

    /// <inheritdoc/>
    protected override void AllGather(ReadOnlySpan<byte> mine, Span<byte> all) => Call(_allGather, mine, all, mine.Length, "MPI_Allgather");

    [DllImport("libc", EntryPoint = "dlopen", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern IntPtr DlOpen(string file, int flags);

    private static void Check(int code, string function)
    {
        if (code != 0)
            throw new IOException($"{function} failed with code {code}");
    }

    private void Call(Exchange function, ReadOnlySpan<byte> send, Span<byte> receive, int count, string name)
    {
        if (receive.Length > MostBytes)
            throw new NotSupportedException($"{name}: a message of {receive.Length} bytes is more than {MostBytes}");
        // Memory outside of the collected heap stays where it is while the library uses it.
        IntPtr from = Marshal.AllocHGlobal(Math.Max(1, send.Length)), to = Marshal.AllocHGlobal(Math.Max(1, receive.Length));
        try
        {
            Marshal.Copy(send.ToArray(), 0, from, send.Length);
            Check(function(from, count, _byte, to, count, _byte, _world), name);
            var bytes = new byte[receive.Length];
            Marshal.Copy(to, bytes, 0, bytes.Length);
            bytes.CopyTo(receive);
        }
        finally
        {
            Marshal.FreeHGlobal(from);
            Marshal.FreeHGlobal(to);
        }
    }

    private T Function<T>(string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(_library, name));
}
