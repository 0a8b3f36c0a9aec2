using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using ResNeSt.Kernels.Cpu;

namespace ResNeSt.Benchmarks;

/// <summary>GFLOP/s of a benchmark, or its share of the machine's measured peak, for parameters that know their FLOPs.</summary>
/// <param name="share">Show the share of the peak.</param>
public sealed class FlopsColumn(bool share) : IColumn
{
    private static readonly Dictionary<int, double> Peaks = [];

    /// <inheritdoc/>
    public string Id => nameof(FlopsColumn) + share;

    /// <inheritdoc/>
    public string ColumnName => share ? "of peak" : "GFLOP/s";

    /// <inheritdoc/>
    public bool AlwaysShow => true;

    /// <inheritdoc/>
    public ColumnCategory Category => ColumnCategory.Custom;

    /// <inheritdoc/>
    public int PriorityInCategory => share ? 1 : 0;

    /// <inheritdoc/>
    public bool IsNumeric => true;

    /// <inheritdoc/>
    public UnitType UnitType => UnitType.Dimensionless;

    /// <inheritdoc/>
    public string Legend => share ? "GFLOP/s over multiply-adds on registers only, measured in this run" : "1e9 floating-point operations per second";

    /// <inheritdoc/>
    public bool IsAvailable(Summary summary) => true;

    /// <inheritdoc/>
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var statistics = summary[benchmarkCase]?.ResultStatistics;
        if (statistics is null || benchmarkCase.Parameters["Work"] is not IBenchmarkWork work || benchmarkCase.Parameters["Threads"] is not int threads)
            return "-";
        double rate = work.Flops / statistics.Median;
        if (!share)
            return $"{rate:f1}";
        if (!Peaks.TryGetValue(threads, out double peak))
            Peaks.Add(threads, peak = CpuBackend.MeasurePeakFlops(threads) / 1e9);
        return $"{100 * rate / peak:f0} %";
    }

    /// <inheritdoc/>
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    /// <summary>Adds both columns.</summary>
    public sealed class Config : ManualConfig
    {
        /// <summary>Makes the configuration.</summary>
        public Config() => AddColumn(new FlopsColumn(false), new FlopsColumn(true));
    }
}
