using System.Globalization;

namespace ResNeSt.Tensors;

/// <summary>The few switches of the engine, each an environment variable and also scoped in code for the calling thread.</summary>
public static class EngineSettings
{
    private static readonly bool FuseDefault = Environment.GetEnvironmentVariable("RESNEST_FUSE") != "0";
    private static readonly int TraceDefault = ReadNumber("RESNEST_TRACE", 0);
    private static readonly string[] Checks = (Environment.GetEnvironmentVariable("RESNEST_CHECK") ?? "").Split(',');
    private static readonly bool CheckNanDefault = Checks.Contains("nan");
    private static readonly bool CheckBoundsDefault = Checks.Contains("bounds");

    private static int _processThreads = Math.Max(1, ReadNumber("RESNEST_THREADS", Environment.ProcessorCount));

    [ThreadStatic]
    private static int _threads;

    [ThreadStatic]
    private static bool? _fuse;

    [ThreadStatic]
    private static int? _trace;

    [ThreadStatic]
    private static bool? _checkNan;

    [ThreadStatic]
    private static bool? _checkBounds;

    /// <summary><c>RESNEST_FUSE=0</c>: run every composite operator by its definition, never by a fused kernel. Default on.</summary>
    public static bool Fuse => _fuse ?? FuseDefault;

    /// <summary><c>RESNEST_TRACE=0..2</c>: 1 prints a line per operator on standard error, 2 adds its time: on a GPU that of its launches, by the device's clock.</summary>
    public static int Trace => _trace ?? TraceDefault;

    /// <summary><c>RESNEST_CHECK=nan</c>: fail as soon as an operator turns finite inputs into NaN.</summary>
    public static bool CheckNan => _checkNan ?? CheckNanDefault;

    /// <summary><c>RESNEST_CHECK=bounds</c>: fill new memory with NaN and put guard zones around it that are checked when it is freed.</summary>
    public static bool CheckBounds => _checkBounds ?? CheckBoundsDefault;

    /// <summary><c>RESNEST_THREADS</c>: threads of the CPU backend; default one per processor.</summary>
    public static int Threads
    {
        get => _threads > 0 ? _threads : _processThreads;
        set => _processThreads = value;
    }

    /// <summary>Sets <see cref="Threads"/> for work started by this thread until the result is disposed. Allocates nothing.</summary>
    public static ThreadLimit WithThreads(int value)
    {
        var limit = new ThreadLimit(_threads);
        _threads = value;
        return limit;
    }

    /// <summary>Sets <see cref="Fuse"/> for this thread until the result is disposed.</summary>
    public static IDisposable WithFuse(bool value)
    {
        var before = _fuse;
        _fuse = value;
        return new Restore(() => _fuse = before);
    }

    /// <summary>Sets <see cref="Trace"/> for this thread until the result is disposed.</summary>
    public static IDisposable WithTrace(int value)
    {
        var before = _trace;
        _trace = value;
        return new Restore(() => _trace = before);
    }

    /// <summary>Sets <see cref="CheckNan"/> for this thread until the result is disposed.</summary>
    public static IDisposable WithCheckNan(bool value)
    {
        var before = _checkNan;
        _checkNan = value;
        return new Restore(() => _checkNan = before);
    }

    /// <summary>Sets <see cref="CheckBounds"/> for this thread until the result is disposed.</summary>
    public static IDisposable WithCheckBounds(bool value)
    {
        var before = _checkBounds;
        _checkBounds = value;
        return new Restore(() => _checkBounds = before);
    }

    private static int ReadNumber(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    /// <summary>Ends a setting of <see cref="WithThreads"/>.</summary>
    public readonly struct ThreadLimit : IDisposable
    {
        private readonly int _before;

        internal ThreadLimit(int before) => _before = before;

        /// <summary>Restores what was set before.</summary>
        public void Dispose() => _threads = _before;
    }

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
