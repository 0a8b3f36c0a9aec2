using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>The processes that train together: started here by <c>--replicas</c>, or by mpirun.</summary>
internal sealed class TrainReplicas : IDisposable
{
    /// <summary>Most replicas of a run.</summary>
    public const int Most = 256;

    private const string Variable = "RESNEST_REPLICA";

    private readonly List<Process> _children = [];
    private bool _succeeded;

    private TrainReplicas(ReplicaGroup? group) => Group = group;

    /// <summary>The group, or null where this process trains alone.</summary>
    public ReplicaGroup? Group { get; private set; }

    /// <summary>Number of processes.</summary>
    public int Count => Group?.Size ?? 1;

    /// <summary>Starts the others, or joins those who started this process.</summary>
    /// <param name="wanted">The value of <c>--replicas</c>.</param>
    public static TrainReplicas Start(int wanted)
    {
        if (wanted is < 1 or > Most)
            throw new UsageException($"--replicas {wanted} is not between 1 and {Most}");
        if (Environment.GetEnvironmentVariable(Variable) is { } told)
        {
            string[] parts = told.Split(',');
            return new TrainReplicas(SocketReplicas.Join(Number(parts[0]), Number(parts[1]), Number(parts[2]), ulong.Parse(parts[3], CultureInfo.InvariantCulture)));
        }

        if (MpiReplicas.IsStartedByMpi)
        {
            if (wanted > 1)
                throw new UsageException("--replicas and mpirun exclude each other: mpirun -n decides how many there are");
            return new TrainReplicas(MpiReplicas.Join());
        }

        return wanted == 1 ? new TrainReplicas(null) : Lead(wanted);
    }

    /// <summary>Whether this process is one of several that were started together.</summary>
    public static bool IsOneOfSeveral => Environment.GetEnvironmentVariable(Variable) is not null || MpiReplicas.IsStartedByMpi;

    /// <summary>Tells that all went well, so that the group may be dissolved in an orderly way.</summary>
    public void Succeeded() => _succeeded = true;

    public void Dispose()
    {
        // After a failure MPI must not be ended: mpirun then stops the processes that wait for this one.
        if (_succeeded || Group is not MpiReplicas)
            Group?.Dispose();
        foreach (var child in _children)
        {
            if (!child.WaitForExit(_succeeded ? 30_000 : 5_000))
                child.Kill();
            child.Dispose();
        }
    }

    private static TrainReplicas Lead(int count)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        ulong secret = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        var replicas = new TrainReplicas(null);
        try
        {
            for (int rank = 1; rank < count; rank++)
                replicas._children.Add(StartChild(string.Create(CultureInfo.InvariantCulture, $"{((IPEndPoint)listener.LocalEndpoint).Port},{rank},{count},{secret}"), count));
            replicas.Group = SocketReplicas.Lead(listener, count, secret, TimeSpan.FromMinutes(1));
            EngineSettings.Threads = Math.Max(1, EngineSettings.Threads / count);
            return replicas;
        }
        catch
        {
            replicas.Dispose();
            throw;
        }
    }

    /// <summary>This command once more, with its share of the threads.</summary>
    private static Process StartChild(string told, int count)
    {
        string[] line = Environment.GetCommandLineArgs();
        bool hosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet";
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        foreach (string argument in hosted ? line : line.Skip(1))
            start.ArgumentList.Add(argument);
        start.Environment[Variable] = told;
        start.Environment["RESNEST_THREADS"] = Math.Max(1, EngineSettings.Threads / count).ToString(CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
