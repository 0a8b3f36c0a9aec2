namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>The CPU backend against the reference, every operator and every case, the large ones included.</summary>
[TestFixture]
public sealed class CpuConformance : BackendConformance
{
    protected override Device Device => Device.Cpu;

    protected override void Register() => CpuBackend.Register();
}
