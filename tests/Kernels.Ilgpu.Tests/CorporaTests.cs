namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>The GPU kernels against values made by others, on a simulated device: all of them.</summary>
[TestFixture, Category("Long")]
public sealed class SimulatedCorpora : CorpusConformance
{
    protected override Device Device => "ilgpu-cpu";

    protected override DType DType => DType.F32;

    protected override void Register() => IlgpuBackend.Register();
}

/// <summary>The same, one of PyTorch's samples for each operator: the normal suite.</summary>
[TestFixture]
public sealed class SampledCorpora
{
    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [Test]
    public void OpInfo_FirstSampleOfEachOperator_MatchesPyTorch()
    {
        var failures = new List<string>();
        int ran = 0;
        foreach (string op in OpInfoCorpus.OpNames)
        {
            foreach (var sample in OpInfoCorpus.Of(op).Where(sample => OpInfoCorpus.Exclusion(sample) is null).Take(1))
            {
                double worst = 0;
                ran++;
                failures.AddRange(OpInfoCorpus.Failures(sample, "ilgpu-cpu", DType.F32, CorpusTolerances.OpInfo(op, DType.F32), ref worst)
                    .Select(failure => $"{OpInfoCorpus.NameOf(sample)}: {failure}"));
            }
        }

        Assert.That(failures, Is.Empty);
        Assert.That(ran, Is.GreaterThan(20));
    }
}
