using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Lifetimes with pooled native memory and fused gradients, and the guards around that memory.</summary>
[TestFixture]
public sealed class CpuLifetime : LifetimeConformance
{
    protected override Device Device => Device.Cpu;

    protected override void Register() => CpuBackend.Register();

    [TestCase(-1, "before it")]
    [TestCase(0, "behind it")]
    public void Guards_WrittenByAKernel_AreReportedWhenTheMemoryIsFreed(int outside, string where)
    {
        using var check = EngineSettings.WithCheckBounds(true);
        var storage = BackendRegistry.Get(Device).Allocate(40);
        var bytes = storage.HostBytes;
        Unsafe.Add(ref MemoryMarshal.GetReference(bytes), outside < 0 ? -1 : bytes.Length) = 1;

        Assert.That(storage.ReleaseReference, Throws.InvalidOperationException.With.Message.Contains(where));
    }

    [Test]
    public void FreshMemory_UnderTheBoundsCheck_IsNaN()
    {
        using var check = EngineSettings.WithCheckBounds(true);
        var storage = BackendRegistry.Get(Device).Allocate(16);

        Assert.That(MemoryMarshal.Cast<byte, float>(storage.HostBytes).ToArray(), Is.All.NaN);
        storage.ReleaseReference();
    }
}
