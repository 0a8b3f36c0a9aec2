using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Conformance;

/// <summary>The generated page docs/ops.md: operator × backend × type × worst error. Each section stands between two markers and is written by
/// the test project that has its backend.</summary>
/// <remarks>A test compares the page with a fresh one, its numbers aside, and fails when they differ;
/// with RESNEST_UPDATE_DOCS=1 (dev/update-docs.sh) it measures the errors and writes the section instead.</remarks>
public static partial class OpsPage
{
    private const string Unmeasured = "…";

    private static bool Updating => Environment.GetEnvironmentVariable("RESNEST_UPDATE_DOCS") == "1";

    private static string File => Path.Combine(TestData.RepositoryRoot, "docs", "ops.md");

    /// <summary>Checks or writes the table of every operator on one device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="covers">Which cases are measured.</param>
    public static void CheckDevice(Device device, Func<OpCase, bool>? covers = null) =>
        Check(device.Kind, DeviceTable(device, covers ?? (_ => true)));

    /// <summary>Checks or writes the tables of the corpora, on the reference device in F64 and on another in F32.</summary>
    public static void CheckCorpora(Device device)
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("RESNEST_TEST_DATA")))
            Assert.Ignore("the page describes the cases of the repository, RESNEST_TEST_DATA names others");
        Check("corpora", CorporaTables(device));
    }

    private static string DeviceTable(Device device, Func<OpCase, bool> covers)
    {
        var checks = new BackendChecks(device);
        var backend = BackendRegistry.Get(device);
        var table = new StringBuilder();
        table.AppendLine("| operator | kind | cases | kernel | F32 | gradient, F32 | F16 | BF16 | flop/byte |");
        table.AppendLine("|---|---|---:|---|---:|---:|---:|---:|---:|");
        foreach (string name in CaseCatalog.OpNames)
        {
            var cases = CaseCatalog.Of(name).Where(covers).ToArray();
            if (cases.Length == 0)
                continue;
            var small = cases.Where(opCase => !opCase.Large).ToArray();
            string[] kernels = [.. cases.Select(opCase => backend.FindKernel(opCase.Op, opCase.Specs(DType.F32))?.Name ?? "").Where(kernel => kernel != "").Distinct().Order(StringComparer.Ordinal)];
            var op = cases[0].Op;
            string kind = op switch { PrimitiveOp => "primitive", CompositeOp => "composite", InPlaceOp => "in place", _ => "view" };
            string how = kernels.Length > 0 ? string.Join(", ", kernels) : op is ViewOp ? "" : "definition";
            bool differentiable = cases.Any(CaseRun.IsDifferentiable);
            table.AppendLine(
                $"| {name} | {kind} | {cases.Length} | {how} | {Error(() => checks.WorstForwardError(cases, DType.F32))} | {(differentiable ? Error(() => checks.WorstGradientError(cases) ?? 0) : "")} "
                + $"| {Error(() => checks.WorstForwardError(small, DType.F16))} | {Error(() => checks.WorstForwardError(small, DType.BF16))} | {Intensity(cases)} |");
        }

        return table.ToString();
    }

    private static string CorporaTables(Device device)
    {
        var page = new StringBuilder();
        var leftOut = new SortedDictionary<string, int>(StringComparer.Ordinal);
        page.AppendLine(CultureInfo.InvariantCulture, $"| PyTorch function | cases | left out | reference, F64 | allowed | {device}, F32 | allowed |");
        page.AppendLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (string op in OpInfoCorpus.OpNames)
        {
            var run = Split("PyTorch", op, OpInfoCorpus.Of(op), OpInfoCorpus.Exclusion, out int excluded);
            page.AppendLine($"| {op} | {run.Length} | {excluded} | {Errors(Device.Reference, DType.F64)} | {CorpusTolerances.OpInfo(op, DType.F64).Scaled:0e-0} "
                + $"| {Errors(device, DType.F32)} | {CorpusTolerances.OpInfo(op, DType.F32).Scaled:0e-0} |");

            string Errors(Device on, DType dtype) => run.Length == 0 ? "" : Error(() => Worst(run,
                (JsonElement sample, ref double worst) => OpInfoCorpus.Failures(sample, on, dtype, Tolerance.Exact, ref worst)));
        }

        page.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"| first ONNX operator | cases | left out | reference, F32 | {device}, F32 | allowed |");
        page.AppendLine("|---|---:|---:|---:|---:|---:|");
        foreach (string op in OnnxCorpus.OpNames)
        {
            var run = Split("ONNX", op, OnnxCorpus.Of(op), onnxCase => OnnxCorpus.Exclusion(onnxCase, device), out int excluded);
            page.AppendLine($"| {op} | {run.Length} | {excluded} | {Errors(Device.Reference)} | {Errors(device)} | {CorpusTolerances.Onnx.Scaled:0e-0} |");

            string Errors(Device on) => run.Length == 0 ? "" : Error(() => Worst(run,
                (JsonElement onnxCase, ref double worst) => OnnxCorpus.Failures(onnxCase, on, Tolerance.Exact, ref worst)));
        }

        page.AppendLine().AppendLine("| left out | cases | why |").AppendLine("|---|---:|---|");
        foreach (var (reason, count) in leftOut)
        {
            string[] parts = reason.Split('\t');
            page.AppendLine(CultureInfo.InvariantCulture, $"| {parts[0]} | {count} | {parts[1]} |");
        }

        return page.ToString();

        JsonElement[] Split(string corpus, string op, IEnumerable<JsonElement> cases, Func<JsonElement, string?> exclusion, out int excluded)
        {
            var run = new List<JsonElement>();
            excluded = 0;
            foreach (var item in cases)
            {
                if (exclusion(item) is { } reason)
                {
                    excluded++;
                    string key = $"{corpus} {op}\t{reason}";
                    leftOut[key] = leftOut.GetValueOrDefault(key) + 1;
                }
                else
                    run.Add(item);
            }

            return [.. run];
        }
    }

    private static double Worst(JsonElement[] cases, CorpusConformance.Runner run)
    {
        double worst = 0;
        foreach (var item in cases)
            run(item, ref worst);
        return worst;
    }

    /// <summary>Operations per byte of the case that moves most: what decides between arithmetic and memory as the limit.</summary>
    private static string Intensity(OpCase[] cases)
    {
        var cost = cases.Select(opCase => opCase.Op.Cost(opCase.Specs(DType.F32))).MaxBy(cost => cost.BytesRead + cost.BytesWritten);
        long bytes = cost.BytesRead + cost.BytesWritten;
        return bytes == 0 ? "" : ((double)cost.Flops / bytes).ToString(cost.Flops >= 10 * bytes ? "F0" : "F2", CultureInfo.InvariantCulture);
    }

    /// <summary>The next power of ten above an error: it differs less from machine to machine than the error itself.</summary>
    private static string Error(Func<double> measure)
    {
        if (!Updating)
            return Unmeasured;
        double error = measure();
        return error < 1e-17 ? "0" : string.Create(CultureInfo.InvariantCulture, $"< 1e{(int)Math.Floor(Math.Log10(error)) + 1}");
    }

    private static void Check(string section, string fresh)
    {
        string begin = $"<!-- begin {section} -->", end = $"<!-- end {section} -->";
        string page = System.IO.File.ReadAllText(File).ReplaceLineEndings("\n");
        int from = page.IndexOf(begin, StringComparison.Ordinal), to = page.IndexOf(end, StringComparison.Ordinal);
        Assert.That(from >= 0 && to > from, $"docs/ops.md has no section between '{begin}' and '{end}'");
        from += begin.Length;
        string text = "\n" + fresh.ReplaceLineEndings("\n");
        if (Updating)
        {
            System.IO.File.WriteAllText(File, page[..from] + text + page[to..]);
            return;
        }

        Assert.That(WithoutNumbers(page[from..to]), Is.EqualTo(WithoutNumbers(text)), "docs/ops.md is stale: run dev/update-docs.sh");
    }

    /// <summary>Operators, kinds, kernels and reasons stay; errors, counts of cases and costs may lag behind.</summary>
    private static string WithoutNumbers(string table) => NumberCell().Replace(table, $"| {Unmeasured} ");

    [GeneratedRegex(@"\| (< 1e-?\d+|[\d.]+|…) (?=\|)")]
    private static partial Regex NumberCell();
}
