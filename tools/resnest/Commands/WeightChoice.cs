using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Weights;

namespace ResNeSt.Cli;

/// <summary>Which weights a command uses: a file, an address, the cache, the published address, or the generated golden ones.</summary>
internal sealed class WeightChoice
{
    private readonly string? _path;

    private WeightChoice(string? path, string description)
    {
        _path = path;
        Description = description;
    }

    /// <summary>One line for people.</summary>
    public string Description { get; }

    /// <summary>True for generated weights, which are not trained.</summary>
    public bool IsGolden => _path is null;

    /// <summary>A weight file on this machine.</summary>
    public static WeightChoice Of(string file) => new(file, DataFileException.Escape(file));

    /// <summary>Whether a value of <c>--weights</c> names a file on this machine.</summary>
    public static bool IsFile(string given) => given != "golden" && !IsAddress(given, out _);

    /// <summary>Whether a network's published weights are in the cache.</summary>
    public static bool AreAtHand(ModelEntry entry) => entry.Card.Weights is [var published, ..] && WeightCache.Default.Find(published) is not null;

    /// <summary>Decides, and downloads if it must.</summary>
    /// <param name="entry">The network.</param>
    /// <param name="given">The value of <c>--weights</c>, or null.</param>
    /// <param name="console">For cancelling.</param>
    /// <param name="report">For progress and notes.</param>
    /// <exception cref="WeightsUnavailableException">Nothing is at hand and nothing could be fetched.</exception>
    public static WeightChoice Find(ModelEntry entry, string? given, CommandConsole console, Report report)
    {
        if (given == "golden")
            return new WeightChoice(null, "golden (generated from the tensor names to prove the arithmetic; not trained, so the classes mean nothing)");
        if (given is not null && IsAddress(given, out var address))
            return new WeightChoice(Fetch(Describe(address!), console, report), given);
        if (given is not null)
            return Of(given);
        if (entry.Card.Weights.Count == 0)
            throw new UsageException($"no weights are published for {entry.Name}: give some with --weights FILE, or --weights golden for generated ones");
        var published = entry.Card.Weights[0];
        return new WeightChoice(Fetch(published, console, report), $"{published.File} ({published.License})");
    }

    /// <summary>Compiles the network with these weights: each is read just when it is packed, and the network itself takes no memory.</summary>
    public InferenceSession Compile(ModelEntry entry, ModelChanges changes, TensorSpec input, InferenceOptions options)
    {
        using var model = entry.Create(changes);
        model.Eval();
        if (_path is null)
        {
            foreach (var (name, state) in model.NamedState())
            {
                if (state.Value.DType == DType.F32)
                    state.Defer(DType.F32, bytes => ElementConversion.FromDoubles(GoldenWeights.Values(name, state.Shape), DType.F32, bytes));
            }

            return InferenceSession.Compile(model, input, options);
        }

        using var file = WeightFile.Open(_path);
        WeightLoader.Defer(model, file, entry.Name);
        return InferenceSession.Compile(model, input, options);
    }

    /// <summary>The network with these weights in its own memory, ready for evaluation.</summary>
    public Module Load(ModelEntry entry, ModelChanges changes, Device device, CancellationToken cancellation)
    {
        var model = entry.Create(changes);
        try
        {
            model.MaterializeEmpty(device);
            if (_path is null)
                GoldenWeights.Fill(model);
            else
                WeightLoader.Load(model, _path, entry.Name, cancellation: cancellation);
            model.Eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static bool IsAddress(string given, out Uri? address) => Uri.TryCreate(given, UriKind.Absolute, out address) && address.Scheme is "http" or "https";

    private static string Fetch(PublishedWeights weights, CommandConsole console, Report report)
    {
        var cache = WeightCache.Default;
        if (cache.Find(weights) is { } present)
            return present;
        report.Note($"no weights at hand: fetching {weights.File} from {weights.Urls[0]} into {cache.Folder}");
        using var progress = report.Progress(weights.File, null);
        return cache.GetAsync(weights, new Relay(progress), console.Cancellation).GetAwaiter().GetResult();
    }

    /// <summary>An address given by hand: its file name, and the hash that torch.hub's convention puts before the extension.</summary>
    private static PublishedWeights Describe(Uri address)
    {
        string file = Path.GetFileName(Uri.UnescapeDataString(address.AbsolutePath));
        if (file.Length == 0 || file.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
            throw new UsageException($"the address {DataFileException.Escape(address.ToString())} does not end with a file name");
        string stem = Path.GetFileNameWithoutExtension(file);
        string hash = stem[(stem.LastIndexOf('-') + 1)..];
        bool isHash = hash.Length >= 8 && hash.Length < stem.Length && hash.All(char.IsAsciiHexDigit);
        return new PublishedWeights(file, isHash ? hash : "", [address.ToString()], "as its address says");
    }

    private sealed class Relay(ProgressLine line) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value)
        {
            line.Total = value.Total;
            line.Report(value.Received);
        }
    }
}
