using System.Globalization;
using System.Text.Json;
using NUnit.Framework;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>Cases made by others, on one device: subclass it once per device and type. One test per operator, over all of its cases.</summary>
[TestFixture]
public abstract class CorpusConformance
{
    /// <summary>The device under test.</summary>
    protected abstract Device Device { get; }

    /// <summary>Type of floating-point tensors in PyTorch's samples.</summary>
    protected abstract DType DType { get; }

    /// <summary>Registers the backend.</summary>
    [OneTimeSetUp]
    protected virtual void Register()
    {
    }

    [TestCaseSource(typeof(OpInfoCorpus), nameof(OpInfoCorpus.OpNames))]
    public void OpInfo_ForwardAndGradients_MatchPyTorch(string op)
    {
        var tolerance = CorpusTolerances.OpInfo(op, DType);
        Check(op, OpInfoCorpus.Of(op), OpInfoCorpus.NameOf, OpInfoCorpus.Exclusion,
            (JsonElement sample, ref double worst) => OpInfoCorpus.Failures(sample, Device, DType, tolerance, ref worst));
    }

    [TestCaseSource(typeof(OnnxCorpus), nameof(OnnxCorpus.OpNames))]
    public void Onnx_Forward_MatchesTheStandard(string op) =>
        Check(op, OnnxCorpus.Of(op), OnnxCorpus.NameOf, onnxCase => OnnxCorpus.Exclusion(onnxCase, Device),
            (JsonElement onnxCase, ref double worst) => OnnxCorpus.Failures(onnxCase, Device, CorpusTolerances.Onnx, ref worst));

    [Test]
    public void Corpora_HaveMoreCasesThanTheyExclude()
    {
        // Guards against a data folder that is there but empty, and against rules that exclude too much.
        int opinfo = OpInfoCorpus.OpNames.Sum(op => OpInfoCorpus.Of(op).Count()), onnx = OnnxCorpus.OpNames.Sum(op => OnnxCorpus.Of(op).Count());
        int opinfoOut = OpInfoCorpus.OpNames.Sum(op => OpInfoCorpus.Of(op).Count(sample => OpInfoCorpus.Exclusion(sample) is not null));
        int onnxOut = OnnxCorpus.OpNames.Sum(op => OnnxCorpus.Of(op).Count(onnxCase => OnnxCorpus.Exclusion(onnxCase, Device) is not null));
        TestContext.Out.WriteLine($"opinfo: {opinfo} cases, {opinfoOut} excluded; onnx: {onnx} cases, {onnxOut} excluded");
        Assert.That(opinfo, Is.GreaterThan(2 * opinfoOut));
        Assert.That(onnx, Is.GreaterThan(2 * onnxOut));
    }

    private static void Check(string op, IEnumerable<JsonElement> cases, Func<JsonElement, string> name, Func<JsonElement, string?> exclusion, Runner run)
    {
        var failures = new List<string>();
        int ran = 0, excluded = 0;
        double worst = 0;
        foreach (var item in cases)
        {
            if (exclusion(item) is not null)
            {
                excluded++;
                continue;
            }

            ran++;
            try
            {
                failures.AddRange(run(item, ref worst).Select(failure => $"{name(item)}: {failure}"));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                failures.Add($"{name(item)}: {e.GetType().Name}: {e.Message}");
            }
        }

        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{op}: {ran} cases checked, {excluded} excluded, worst error {worst:E1}"));
        Assert.That(ran + excluded, Is.GreaterThan(0));
        if (failures.Count > 0)
            Assert.Fail($"{failures.Count} failures in {ran} cases\n{string.Join('\n', failures.Take(40))}");
        if (ran == 0)
            Assert.Pass($"all {excluded} cases are excluded, see CorpusExclusions");
    }

    /// <summary>Runs one case and raises the worst error seen.</summary>
    public delegate List<string> Runner(JsonElement item, ref double worst);
}
