using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ResNeSt.Conformance;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>The generated page docs/family.md: from ResNet-50 to its descendants, one switch at a time.</summary>
/// <remarks>Fails when the page is stale, its times aside; with RESNEST_UPDATE_DOCS=1 (dev/update-docs.sh) it measures and writes.</remarks>
public sealed partial class FamilyPageTests
{
    private const int Size = 224, Runs = 7;
    private const string Unmeasured = "…";

    private static bool Updating => Environment.GetEnvironmentVariable("RESNEST_UPDATE_DOCS") == "1";

    private static string Page => Path.Combine(TestData.RepositoryRoot, "docs", "family.md");

    [Test]
    public void FamilyPage_IsUpToDate()
    {
        string actual = Text();
        if (Updating)
        {
            File.WriteAllText(Page, actual);
            return;
        }

        string expected = File.Exists(Page) ? Times().Replace(File.ReadAllText(Page).ReplaceLineEndings("\n"), $"| {Unmeasured} |") : "";
        Assert.That(actual, Is.EqualTo(expected), "docs/family.md is stale: run dev/update-docs.sh");
    }

    [Test]
    public void StepsThatTheZooHas_AreTheNetworksOfTheZoo()
    {
        foreach (var step in FamilyWalk.All.SelectMany(walk => walk.Steps).Where(step => !step.Name.StartsWith('(')))
        {
            using var net = new ResNet(step.Options);
            var card = ModelZoo.Find(step.Name).Card;
            Assert.That(net.ParameterCount(), Is.EqualTo(card.Parameters), step.Name);
            Assert.That(ModelSummary.Create(net, [1, 3, card.Macs.Size, card.Macs.Size]).Macs / (double)card.Macs.Count, Is.EqualTo(1).Within(5e-4), step.Name);
        }
    }

    [Test]
    public void StepsOfAChain_TurnWhatTheySay()
    {
        foreach (var walk in FamilyWalk.All)
        {
            for (int i = 1; i < walk.Steps.Count; i++)
            {
                var before = ResNetSwitches.Of(walk.Steps[walk.IsChain ? i - 1 : 0].Options);
                var turned = ResNetSwitches.Of(walk.Steps[i].Options).Except(before).ToList();
                Assert.That(turned, Is.Not.Empty, walk.Steps[i].Name);
                Assert.That(turned, Is.All.Matches<string>(change => walk.Steps[i].Switch.Contains(change!.Split(" on the ")[0].Split(" for the ")[0], StringComparison.Ordinal)), walk.Steps[i].Name);
            }
        }
    }

    private static string Text()
    {
        var text = new StringBuilder();
        text.Append("""
            # The family, one switch at a time

            Written by `dev/update-docs.sh`; do not edit. Every network below is the same class, `ResNet`, with other `ResNetOptions`; a row turns the
            switch that it names and changes the one formula that it shows. Batch norms are left out of the formulas; W are convolutions, F are small
            layers on one value for each channel, σ is the sigmoid, mean is over the picture. Accuracies are published ones for these networks where there are any;
            trained by different people with different recipes, they are no measure of a switch by itself.

            Parameters for 1000 classes; multiply-accumulates and time for one picture of 224×224 pixels, the time on the processor of the machine that
            wrote the page, F32, operator by operator (eager), the best of seven runs.

            """);
        var steps = FamilyWalk.All.SelectMany(walk => walk.Steps).DistinctBy(step => step.Name).ToList();
        var measured = Updating ? Milliseconds([.. steps.Select(step => step.Options)]) : [];
        var times = steps.Select((step, i) => (step.Name, Time: Updating ? string.Create(CultureInfo.InvariantCulture, $"{measured[i]:f0}") : Unmeasured)).ToDictionary();
        foreach (var walk in FamilyWalk.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {walk.Title}\n\n");
            if (!walk.IsChain)
                text.Append("Each row turns its switch on ResNet-50 itself; the differences are to the first row.\n\n");
            text.Append("| network | switch | what changes | parameters | | GMACs | | ms | top-1 |\n|---|---|---|---:|---:|---:|---:|---:|---|\n");
            (long Parameters, double Gmacs)? before = null;
            foreach (var step in walk.Steps)
            {
                using var net = new ResNet(step.Options);
                var now = (Parameters: net.ParameterCount(), Gmacs: ModelSummary.Create(net, [1, 3, Size, Size]).Macs / 1e9);
                string more = before is { } last ? string.Create(CultureInfo.InvariantCulture, $"{now.Parameters - last.Parameters:+#,0;-#,0;0}") : "";
                string moreMacs = before is { } lastMacs ? string.Create(CultureInfo.InvariantCulture, $"{now.Gmacs - lastMacs.Gmacs:+0.000;-0.000;0}") : "";
                string change = step.Switch.Length == 0 ? "" : $"`{step.Switch}`";
                text.Append(CultureInfo.InvariantCulture,
                    $"| {step.Name} | {change} | {step.Formula} | {now.Parameters:n0} | {more} | {now.Gmacs:f3} | {moreMacs} | {times[step.Name]} | {Accuracy(step.Name)} |\n");
                if (walk.IsChain || before is null)
                    before = now;
            }
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    private static string Accuracy(string name) => name.StartsWith('(') || ModelZoo.Find(name).Card.Accuracy.FirstOrDefault() is not { } known
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{known.Top1:f2} at {known.Size}");

    /// <summary>The one place that says how the times of networks are measured: turn by turn, so that what else the machine does meets all of
    /// them, the best turn of each.</summary>
    private static double[] Milliseconds(IReadOnlyList<ResNetOptions> options)
    {
        DefaultBackends.Use();
        using var off = GradMode.Off();
        var nets = options.Select(each => new ResNet(each)).ToArray();
        var best = Enumerable.Repeat(double.PositiveInfinity, nets.Length).ToArray();
        foreach (var net in nets)
        {
            net.Materialize(Device.Cpu, DType.F32, new Generator(1));
            net.Eval();
        }

        for (int run = 0; run < Runs; run++)
        {
            for (int i = 0; i < nets.Length; i++)
            {
                using var scope = new TensorScope();
                var x = Tensor.Zeros([1, 3, Size, Size], DType.F32, Device.Cpu);
                long start = Stopwatch.GetTimestamp();
                nets[i].Forward(x).ToArray<float>();
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        foreach (var net in nets)
            net.Dispose();
        return best;
    }

    // The only whole number between bars that stands before the last column.
    [GeneratedRegex(@"\| \d+ \|(?=[^|\n]*\|\n)")]
    private static partial Regex Times();
}
