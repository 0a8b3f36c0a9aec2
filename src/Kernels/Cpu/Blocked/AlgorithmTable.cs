using System.Diagnostics;
using System.Globalization;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Measured choices of algorithms, kept in a readable file: a line per layer with the algorithm, its time in microseconds and the layer.</summary>
/// <remarks>Unless the caller names a file it is <c>ResNeSt/convolutions-v2-{vectors}-{threads}.txt</c> in the user's folder for local data, so that each
/// machine has its own; if that cannot be read or written, nothing but the choice changes. A file that the caller names must be sound.</remarks>
internal sealed class AlgorithmTable : IDisposable
{
    /// <summary>A layer is a line of less than a hundred characters: more is another file.</summary>
    public const int MostBytes = 4 << 20;

    // Rounds of a measurement: what disturbs comes and goes within milliseconds.
    private const int Rounds = 9;

    // An algorithm takes the place of the usual one if it needs less than this share of its time: less of a gain may be chance.
    private const double Advantage = 0.9;

    // Part of the name of the machine's own file: raised when times are measured in another way, so that choices by older ones are followed no more.
    // Those of the first measured with weights in the caches.
    private const string Measurement = "v2";

    private const string Head = "# algorithm, microseconds, layer; made by measuring, and free to be edited";

    private readonly Dictionary<string, string> _choices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _measured = new(StringComparer.Ordinal); // lines by layer
    private readonly string _file;
    private readonly bool _isNamed;
    private readonly LoweringOptions _options;
    private readonly CacheFlush _flush = new();

    private AlgorithmTable(LoweringOptions options)
    {
        _options = options;
        _isNamed = options.AlgorithmFile is not null;
        _file = options.AlgorithmFile ?? DefaultFile(options.Threads);
    }

    /// <summary>Reads the table that the options name, or the machine's own.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="DataFileException">A file was named that is missing, and nothing will be measured; or that is none of this kind.</exception>
    public static AlgorithmTable Open(LoweringOptions options)
    {
        if (options.AlgorithmFile is { } name && string.IsNullOrWhiteSpace(name))
            throw new ArgumentException("algorithm file: its name is empty; leave it out for the machine's own");
        var table = new AlgorithmTable(options);
        if (table._isNamed && Directory.Exists(table._file))
            throw new DataFileException(DataFileErrorKind.Unreadable, "is a folder; name a file in it for the table of algorithms", table._file);
        if (table._isNamed && !options.Tune && !File.Exists(table._file))
            throw new DataFileException(DataFileErrorKind.Unreadable, "this table of algorithms does not exist; measure one (Tune), or leave the file out for the machine's own", table._file);
        table.Read();
        return table;
    }

    /// <summary>The file that is used where none is named.</summary>
    /// <param name="threads">Processors that it was measured for.</param>
    public static string DefaultFile(int threads) => System.IO.Path.Combine(
        // Not verified: the folder may not exist yet, and would be none then.
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "ResNeSt",
        string.Create(CultureInfo.InvariantCulture, $"convolutions-{Measurement}-{DirectAlgorithm.VectorBits}-{threads}.txt"));

    /// <summary>The measured choice, a measurement if the options wish one, or the usual choice.</summary>
    public ConvAlgorithm Choose(ConvProblem problem, bool hasPlanes, GraphConstant weight, GraphConstant bias)
    {
        if (_choices.Count == 0 && !_options.Tune)
            return ConvAlgorithms.Usual(problem, hasPlanes);
        var candidates = ConvAlgorithms.For(problem, hasPlanes).ToArray();
        string key = problem.ToString();
        if (_choices.TryGetValue(key, out string? choice) && Array.Find(candidates, algorithm => algorithm.Name == choice) is { } known)
            return known;
        // The others would need the planes in blocks first: a step that is not part of what is measured.
        if (candidates.Any(algorithm => algorithm.ReadsPlanes))
            candidates = [.. candidates.Where(algorithm => algorithm.ReadsPlanes)];
        if (!_options.Tune || candidates.Length < 2)
            return ConvAlgorithms.Usual(problem, hasPlanes);
        var (best, microseconds) = Measure(problem, candidates, ConvAlgorithms.Usual(problem, hasPlanes), weight, bias);
        _choices[key] = best.Name;
        _measured[key] = string.Create(CultureInfo.InvariantCulture, $"{best.Name}\t{microseconds:f1}\t{key}");
        return best;
    }

    /// <summary>Writes what was measured into the file, whose other lines stay as they are.</summary>
    public void Save()
    {
        if (_measured.Count == 0)
            return;
        // Another process may read it at this moment, which sees the old file or the new one, or write a new one too.
        string fresh = $"{_file}.{Guid.NewGuid():N}";
        try
        {
            if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(_file)) is { } folder)
                Directory.CreateDirectory(folder);
            string[] lines = ReadLines() is { Length: > 0 } present ? present : [Head];
            var others = lines.Where(line => line.Split('\t') is not [_, _, var key] || !_measured.ContainsKey(key));
            try
            {
                File.WriteAllLines(fresh, [.. others, .. _measured.OrderBy(line => line.Key, StringComparer.Ordinal).Select(line => line.Value)]);
                File.Move(fresh, _file, overwrite: true);
            }
            finally
            {
                File.Delete(fresh);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_isNamed)
                throw new DataFileException(DataFileErrorKind.Unreadable, $"this table of algorithms cannot be written: {e.Message}", _file, inner: e);
        }
    }

    /// <summary>The fastest of some algorithms as in a network, with weights from memory and activations from the caches, or the usual one if that is about
    /// as fast. Each runs in turn, and the best time of each counts, since whatever disturbs makes slower.</summary>
    public (ConvAlgorithm Best, double Microseconds) Measure(
        ConvProblem problem, ConvAlgorithm[] candidates, ConvAlgorithm usual, GraphConstant weight, GraphConstant bias)
    {
        var trials = new List<ConvTrial>(candidates.Length);
        try
        {
            foreach (var algorithm in candidates)
                trials.Add(new ConvTrial(algorithm, problem, weight, bias));
            var times = new double[trials.Count];
            Array.Fill(times, double.PositiveInfinity);
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < times.Length; i++)
                {
                    _flush.Run(_options.Threads);
                    trials[i].TouchActivations(_options.Threads);
                    long before = Stopwatch.GetTimestamp();
                    trials[i].Run(_options.Threads);
                    times[i] = Math.Min(times[i], Stopwatch.GetElapsedTime(before).TotalMicroseconds);
                }
            }

            int winner = Winner(times, Array.IndexOf(candidates, usual));
            return (candidates[winner], times[winner]);
        }
        finally
        {
            foreach (var trial in trials)
                trial.Dispose();
        }
    }

    /// <summary>Index of the usual algorithm, unless another takes less than nine tenths of its time: then the fastest.</summary>
    /// <param name="times">A time for each.</param>
    /// <param name="usual">Index of the usual one; -1 if it is not among them.</param>
    public static int Winner(ReadOnlySpan<double> times, int usual)
    {
        int fastest = 0;
        for (int i = 1; i < times.Length; i++)
        {
            if (times[i] < times[fastest])
                fastest = i;
        }

        return usual < 0 || times[fastest] < Advantage * times[usual] ? fastest : usual;
    }

    /// <inheritdoc/>
    public void Dispose() => _flush.Dispose();

    private void Read()
    {
        string[] lines;
        try
        {
            lines = ReadLines();
        }
        catch (Exception e) when (!_isNamed && e is IOException or UnauthorizedAccessException)
        {
            return;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or (IOException and not DataFileException))
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, $"this table of algorithms cannot be read: {e.Message}", _file, inner: e);
        }

        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0 || lines[i][0] == '#')
                continue;
            if (lines[i].Split('\t') is [var name, var time, var key] && ConvAlgorithms.All.Any(algorithm => algorithm.Name == name)
                && double.TryParse(time, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            {
                _choices[key] = name;
            }
            else if (_isNamed)
            {
                throw new DataFileException(DataFileErrorKind.NotThisFormat,
                    $"line {i + 1} is not algorithm ({string.Join(", ", ConvAlgorithms.All.Select(algorithm => algorithm.Name))}), microseconds and layer, separated by tabs; correct or delete it", _file);
            }
        }
    }

    private string[] ReadLines()
    {
        if (!File.Exists(_file))
            return [];
        using var file = new StreamReader(_file);
        if (file.BaseStream.Length > MostBytes)
            throw new DataFileException(DataFileErrorKind.TooLarge, $"is more than {MostBytes >> 20} MB: that is no table of algorithms", _file);
        string text = file.ReadToEnd().ReplaceLineEndings("\n").TrimEnd('\n');
        return text.Length == 0 ? [] : text.Split('\n');
    }
}
