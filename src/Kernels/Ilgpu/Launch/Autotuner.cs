using System.Diagnostics;
using System.Globalization;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Which variant of a product was fastest on a device, by shape: measured once, kept in a readable file.</summary>
/// <remarks>A line of the file: device, product, rows, columns, depth, batch, precision, variant, microseconds, separated by tabs. Lines of other
/// devices are kept; of two lines for one key the later counts, so a file can be edited by hand.</remarks>
/// <param name="device">The maker's name of the device.</param>
internal sealed class Autotuner(string device)
{
    private const int LaunchesPerRound = 4;

    private readonly Dictionary<GemmKey, GemmVariant> _choices = [];
    private readonly Lock _gate = new();
    private string? _file;

    /// <summary>Measure products that have no choice yet when they are launched.</summary>
    public bool Tuning { get; set; }

    /// <summary>Where choices are kept if nothing else is said.</summary>
    /// <remarks>Not verified: the folder may not exist yet, and would be none then.</remarks>
    public static string DefaultFile => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "ResNeSt", "gpu-tiles.tsv");

    /// <summary>Takes the choices of a file for this device, and saves further ones there; a file that does not exist yet has none.</summary>
    /// <exception cref="DataFileException">A line is not of the form.</exception>
    public void Use(string file)
    {
        lock (_gate)
        {
            _file = file;
            if (!File.Exists(file))
                return;
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                if (line.Length == 0 || line[0] == '#')
                    continue;
                string[] cells = line.Split('\t');
                if (!TryParse(cells, out var key, out var variant))
                    throw new DataFileException(DataFileErrorKind.NotThisFormat, $"line {number} is not device, product, rows, columns, depth, batch, precision, variant and microseconds, separated by tabs; correct or delete it", file);
                if (cells[0] == device)
                    _choices[key] = variant;
            }
        }
    }

    /// <summary>The choice for a product, or null.</summary>
    public GemmVariant? Find(in GemmKey key)
    {
        lock (_gate)
            return _choices.TryGetValue(key, out var variant) ? variant : null;
    }

    /// <summary>Notes the fastest of some variants, and saves it.</summary>
    /// <param name="key">The product.</param>
    /// <param name="seconds">What each variant takes.</param>
    public GemmVariant Add(in GemmKey key, IReadOnlyDictionary<GemmVariant, double> seconds)
    {
        var best = seconds.MinBy(entry => entry.Value);
        lock (_gate)
        {
            _choices[key] = best.Key;
            if (_file is not null)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_file))!);
                // One short line at the end: a process that dies here leaves the earlier ones whole.
                File.AppendAllText(_file, string.Create(CultureInfo.InvariantCulture,
                    $"{device}\t{key.Product}\t{key.Rows}\t{key.Columns}\t{key.Depth}\t{key.Batch}\t{key.Precision}\t{best.Key}\t{best.Value * 1e6:f1}\n"));
            }
        }

        return best.Key;
    }

    /// <summary>Measures variants of a product, notes and saves the fastest.</summary>
    /// <param name="key">The product.</param>
    /// <param name="queue">The device, which is this tuner's.</param>
    /// <param name="variants">The variants.</param>
    /// <param name="launch">Launches one of them; it is called several times, so a launch must write its result anew.</param>
    public GemmVariant Measure(in GemmKey key, GpuQueue queue, IEnumerable<GemmVariant> variants, Action<GemmVariant> launch)
    {
        var seconds = new Dictionary<GemmVariant, double>();
        foreach (var variant in variants)
        {
            // The first launch compiles.
            launch(variant);
            double best = double.MaxValue;
            for (int round = 0; round < 3; round++)
            {
                queue.Synchronize();
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < LaunchesPerRound; i++)
                    launch(variant);
                queue.Synchronize();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / LaunchesPerRound);
            }

            seconds.Add(variant, best);
        }

        return Add(key, seconds);
    }

    private static bool TryParse(string[] cells, out GemmKey key, out GemmVariant variant)
    {
        (key, variant) = (default, default);
        var numbers = new int[4];
        if (cells.Length != 9 || !Enum.TryParse<GpuPrecision>(cells[6], out var precision) || !Enum.TryParse(cells[7], out variant) || variant == GemmVariant.Automatic)
            return false;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!int.TryParse(cells[2 + i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return false;
        }

        key = new GemmKey(cells[1], numbers[0], numbers[1], numbers[2], numbers[3], precision);
        return true;
    }
}

/// <summary>What decides which variant of a product is fastest on a device.</summary>
internal readonly record struct GemmKey(string Product, int Rows, int Columns, int Depth, int Batch, GpuPrecision Precision);
