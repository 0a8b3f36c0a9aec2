using System.Diagnostics;
using System.Globalization;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Measured choices of algorithms, kept in a readable file: a line per layer with the algorithm, its time in microseconds and the layer.</summary>
/// <remarks>Unless the caller names a file it is <c>ResNeSt/convolutions-{vectors}-{threads}.txt</c> in the user's folder for local data, so that each
/// machine has its own. A file that cannot be read or written changes nothing but the choice.</remarks>
internal sealed class AlgorithmTable
{
    private const string Head = "# algorithm, microseconds, layer; made by measuring, and free to be edited";

    private readonly Dictionary<string, Choice> _choices = new(StringComparer.Ordinal);
    private readonly string _file;
    private readonly LoweringOptions _options;
    private bool _changed;

    private AlgorithmTable(string file, LoweringOptions options)
    {
        (_file, _options) = (file, options);
    }

    /// <summary>Reads the table that the options name, or the machine's own.</summary>
    public static AlgorithmTable Open(LoweringOptions options)
    {
        string file = options.AlgorithmFile ?? System.IO.Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "ResNeSt",
            string.Create(CultureInfo.InvariantCulture, $"convolutions-{DirectAlgorithm.VectorBits}-{options.Threads}.txt"));
        var table = new AlgorithmTable(file, options);
        table.Read();
        return table;
    }

    /// <summary>The measured choice, a measurement if the options wish one, or the usual choice.</summary>
    public ConvAlgorithm Choose(ConvProblem problem, bool hasPlanes, GraphConstant weight, GraphConstant bias)
    {
        if (_choices.Count == 0 && !_options.Tune)
            return ConvAlgorithms.Usual(problem, hasPlanes);
        var candidates = ConvAlgorithms.For(problem, hasPlanes).ToArray();
        string key = problem.ToString();
        if (_choices.TryGetValue(key, out var choice) && Array.Find(candidates, algorithm => algorithm.Name == choice.Algorithm) is { } known)
            return known;
        if (!_options.Tune || candidates.Length < 2)
            return ConvAlgorithms.Usual(problem, hasPlanes);
        var (best, microseconds) = Measure(problem, candidates, weight, bias);
        _choices[key] = new Choice(best.Name, microseconds);
        _changed = true;
        return best;
    }

    /// <summary>Writes the table if something was measured.</summary>
    public void Save()
    {
        if (!_changed)
            return;
        try
        {
            if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(_file)) is { } folder)
                Directory.CreateDirectory(folder);
            // Another process may read it at this moment: it sees the old file or the new one.
            string fresh = $"{_file}.{Environment.ProcessId}";
            File.WriteAllLines(fresh, _choices.OrderBy(choice => choice.Key, StringComparer.Ordinal)
                .Select(choice => string.Create(CultureInfo.InvariantCulture, $"{choice.Value.Algorithm}\t{choice.Value.Microseconds:f1}\t{choice.Key}"))
                .Prepend(Head));
            File.Move(fresh, _file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_options.AlgorithmFile is not null)
                throw new IOException($"algorithm file '{_file}': cannot be written: {e.Message}", e);
        }
    }

    private void Read()
    {
        string[] lines;
        try
        {
            if (!File.Exists(_file))
                return;
            lines = File.ReadAllLines(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_options.AlgorithmFile is not null)
                throw new IOException($"algorithm file '{_file}': cannot be read: {e.Message}", e);
            return;
        }

        foreach (string line in lines)
        {
            string[] parts = line.Split('\t');
            if (parts.Length == 3 && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double microseconds))
                _choices[parts[2]] = new Choice(parts[0], microseconds);
        }
    }

    /// <summary>The fastest: each runs in turn, and the best time of each counts, since whatever disturbs makes slower.</summary>
    private (ConvAlgorithm Best, double Microseconds) Measure(ConvProblem problem, ConvAlgorithm[] candidates, GraphConstant weight, GraphConstant bias)
    {
        var runs = candidates.Select(algorithm => new ConvTrial(algorithm, problem, weight, bias)).ToArray();
        try
        {
            var best = new double[runs.Length];
            Array.Fill(best, double.PositiveInfinity);
            long start = Stopwatch.GetTimestamp();
            for (int round = 0; round < 5 || (round < 50 && Stopwatch.GetElapsedTime(start).TotalMilliseconds < 30); round++)
            {
                for (int i = 0; i < runs.Length; i++)
                {
                    long before = Stopwatch.GetTimestamp();
                    runs[i].Run(_options.Threads);
                    best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(before).TotalMicroseconds);
                }
            }

            int winner = Array.IndexOf(best, best.Min());
            return (candidates[winner], best[winner]);
        }
        finally
        {
            foreach (var run in runs)
                run.Dispose();
        }
    }

    private sealed record Choice(string Algorithm, double Microseconds);
}
