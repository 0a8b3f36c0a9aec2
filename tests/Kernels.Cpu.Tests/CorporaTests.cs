namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>The CPU kernels against values made by others, in single precision.</summary>
[TestFixture]
public sealed class CpuCorpora : CorpusConformance
{
    protected override Device Device => Device.Cpu;

    protected override DType DType => DType.F32;

    protected override void Register() => CpuBackend.Register();
}
