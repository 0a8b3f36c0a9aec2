using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using ResNeSt.Kernels.Cpu;
using ResNeSt.Peers;

// The first two are started by the others: a contender in a process of its own, and a program that wants one result soon.
switch (args)
{
    case ["contender", "ours", var model, var size, var batch, var threads, var weights, var input]:
        using (var contender = new OurContender(Row(model, size, batch), weights, input, Number(threads)))
            ContenderProcess.Serve(contender);
        return 0;
    case ["contender", "theirs", var model, var size, var batch, var threads, var network, var input, var library]:
        using (var contender = new TheirContender(Row(model, size, batch), library, network, input, Number(threads)))
            ContenderProcess.Serve(contender);
        return 0;
    case ["first", var model, var size, var batch, var threads, var weights, var input]:
        FirstResult.Serve(Row(model, size, batch), weights, input, Number(threads));
        return 0;
    case ["--help"]:
        Console.Write(PeerOptions.Help);
        return 0;
}

try
{
    Compare(PeerOptions.Parse(args));
    return 0;
}
catch (Exception error) when (error is ArgumentException or IOException or InvalidOperationException or NotSupportedException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static PeerRow Row(string model, string size, string batch) => new(model, Number(size), Number(batch), 0, 0);

static void Compare(PeerOptions options)
{
    ResNeSt.Models.DefaultBackends.Use();
    var log = Console.Out;
    string library = RuntimeInstall.Find(options.Library, Path.Combine(options.Work, "onnxruntime"));
    string version;
    using (var loaded = new OnnxRuntimeLibrary(library))
        version = loaded.Version;
    var files = new PeerFiles(options.Work);
    var rows = options.Row is { } given ? [given]
        : PeerRow.All.Where(row => row.Name.Contains(options.Rows, StringComparison.OrdinalIgnoreCase)).Take(options.Quick ? 1 : int.MaxValue).ToList();
    if (rows.Count == 0)
        throw new ArgumentException($"no row contains '{options.Rows}'; there are {string.Join("; ", PeerRow.All.Select(row => row.Name))}");
    var comparison = new PeerComparison(files, library, options.Rounds, log);
    string machine = $"{Processor()}, {Environment.ProcessorCount} processors, {RuntimeInformation.OSDescription}";
    string versions = $"{RuntimeInformation.FrameworkDescription}, ONNX Runtime {version}";
    log.WriteLine($"{machine}; {versions}");

    int[] limits = [.. options.Threads.Append(1).Distinct().Order()];
    var peak = limits.ToDictionary(threads => threads, threads => CpuBackend.MeasurePeakFlops(threads) / 1e9);
    var bandwidth = limits.ToDictionary(threads => threads, MachineBandwidth.Measure);
    List<PeerResult> times = [];
    List<StartResult> starts = [];
    List<AccuracyResult> accuracies = [];
    foreach (var row in rows)
        times.AddRange(options.Threads.Select(threads => comparison.Times(row, threads)));
    if (System.Runtime.Intrinsics.X86.Avx512F.IsSupported && !options.Quick)
        times.AddRange(options.Threads.Select(threads => comparison.Times(rows[0], threads, avx2Only: true)));

    string starter = "a C program of a screenful";
    if (options.Startup && FirstResult.Compile(files.Folder) is { } program)
        starts.AddRange(rows.Where(row => row.Batch == 1).Select(row => comparison.Starts(row, options.Threads[^1], program)));
    else if (options.Startup)
        log.WriteLine("no C compiler (cc): no figures of start-up and memory");
    if (options.Accuracy)
        accuracies.AddRange(from row in rows where row.Batch == 1 from draw in new[] { WeightDraw.Golden, WeightDraw.Harsh } select comparison.Accuracy(row, draw));
    var layers = LayerComparison.Measure(rows[0], files, library);
    var report = new PeerReport(machine, versions, starter, peak, bandwidth, times, starts, accuracies, layers, [.. rows.Select(PeerComparison.Floor)]);

    var json = new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    string results = Path.Combine(files.Folder, "results.json");
    File.WriteAllText(results, JsonSerializer.Serialize(report, json));
    File.WriteAllText(Path.Combine(files.Folder, "roofline.svg"), Roofline.Draw(report));
    log.WriteLine();
    log.Write(PerformancePage.Text(report));
    log.WriteLine($"\nresults: {results}");
    if (options.Page is { } page)
    {
        PerformancePage.Write(page, report);
        string folder = Path.GetDirectoryName(Path.GetFullPath(page))!;
        File.Copy(Path.Combine(files.Folder, "roofline.svg"), Path.Combine(folder, "roofline.svg"), overwrite: true);
        File.Copy(results, Path.Combine(folder, "performance.json"), overwrite: true);
    }
}

static string Processor()
{
    const string file = "/proc/cpuinfo", name = "model name";
    string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(text => text.StartsWith(name, StringComparison.Ordinal)) : null;
    return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':') + 1)..].Trim();
}
