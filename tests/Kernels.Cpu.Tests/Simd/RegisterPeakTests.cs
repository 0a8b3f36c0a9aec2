using NUnit.Framework;

namespace ResNeSt.Kernels.Cpu.Tests;

[NonParallelizable]
public class RegisterPeakTests
{
    /// <summary>Twice as wide is not twice as fast everywhere: some processors have one unit for 512 bits in the place of two for 256.</summary>
    [Test]
    public void WideVectorsCount()
    {
        if (DirectAlgorithm.VectorBits < 256)
            Assert.Ignore("this processor has no vectors of 256 bits");
        Assert.That(CpuBackend.MeasurePeakFlops(1), Is.GreaterThan(1.4 * RegisterPeak.Measure<Lanes128>(1)));
        Assert.That(RegisterPeak.Measure<Lanes128>(1), Is.GreaterThan(1.4 * RegisterPeak.Measure<Lane>(1)));
    }

    [Test]
    public void NeedsAThread() => Assert.That(() => CpuBackend.MeasurePeakFlops(0), Throws.TypeOf<ArgumentOutOfRangeException>());
}
