namespace ResNeSt.Kernels.Cpu.Tests;

[NonParallelizable]
public class RegisterPeakTests
{
    private const int Tries = 10;

    /// <summary>Twice as wide is not twice as fast everywhere: some processors have one unit for 512 bits in the place of two for 256, and some compute 256
    /// bits in two halves.</summary>
    [Test]
    public void WideVectorsCount()
    {
        if (DirectAlgorithm.VectorBits < 256)
            Assert.Ignore("this processor has no vectors of 256 bits");
        AssertFaster(() => CpuBackend.MeasurePeakFlops(1), () => RegisterPeak.Measure<Lanes128>(1), DirectAlgorithm.VectorBits >= 512 ? 1.4 : 0.9);
        AssertFaster(() => RegisterPeak.Measure<Lanes128>(1), () => RegisterPeak.Measure<Lane>(1), 1.4);
    }

    [Test]
    public void ProcessorsCount()
    {
        if (Environment.ProcessorCount < 2)
            Assert.Ignore("this machine has one processor");
        if (AreOneCore())
            Assert.Ignore("the processors of this machine are threads of one core, which share its arithmetic");
        AssertFaster(() => CpuBackend.MeasurePeakFlops(2), () => CpuBackend.MeasurePeakFlops(1), 1.3);
    }

    [Test]
    public void NeedsAThread() => Assert.That(() => CpuBackend.MeasurePeakFlops(0), Throws.TypeOf<ArgumentOutOfRangeException>());

    // The best of some tries of each: other processes want the processors too.
    private static void AssertFaster(Func<double> fast, Func<double> slow, double least)
    {
        double most = 0, other = 0;
        for (int i = 0; i < Tries && !(most > least * other && most > 0); i++)
        {
            other = Math.Max(other, slow());
            most = Math.Max(most, fast());
        }

        Assert.That(most, Is.GreaterThan(least * other));
    }

    // Linux lists the processors that are threads of the first one's core: 0-1 or 0,1.
    private static bool AreOneCore()
    {
        const string List = "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list";
        return File.Exists(List) && File.ReadAllText(List).Split('-', ',').Length >= Environment.ProcessorCount;
    }
}
