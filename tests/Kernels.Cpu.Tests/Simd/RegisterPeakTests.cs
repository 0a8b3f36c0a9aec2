using System.Diagnostics;
using NUnit.Framework;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu.Tests;

[NonParallelizable]
public class RegisterPeakTests
{
    [Test]
    public void NoProductIsFasterThanThePeak()
    {
        const int Size = 384;
        CpuBackend.Register();
        int threads = EngineSettings.Threads;
        try
        {
            EngineSettings.Threads = 1;
            using var scope = new TensorScope();
            Tensor a = Tensor.Full(0.5f, [Size, Size]).To(Device.Cpu), b = Tensor.Full(0.25f, [Size, Size]).To(Device.Cpu);
            double best = double.MaxValue;
            for (int attempt = 0; attempt < 20; attempt++)
            {
                long start = Stopwatch.GetTimestamp();
                using (new TensorScope())
                    a.MatMul(b);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            double rate = 2.0 * Size * Size * Size / best, peak = CpuBackend.MeasurePeakFlops(1);
            // A peak in half the vectors that products use would be below; the processor's clock may change in between.
            Assert.That(rate, Is.LessThan(1.25 * peak));
        }
        finally
        {
            EngineSettings.Threads = threads;
        }
    }

    [Test]
    public void NeedsAThread() => Assert.That(() => CpuBackend.MeasurePeakFlops(0), Throws.TypeOf<ArgumentOutOfRangeException>());
}
