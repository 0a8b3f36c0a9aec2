using System.Diagnostics;

namespace ResNeSt.Weights.Tests;

/// <summary>A checkpoint of the size of ResNeSt-50's: made here, converted, and deleted.</summary>
internal sealed class PthLargeFileTests
{
    private const int Storages = 55;
    private const int StorageBytes = 2 << 20;

    [TestCase("zip")]
    [TestCase("legacy")]
    public void Convert_110Megabytes_IsFastAndHoldsOneTensorAtMost(string kind)
    {
        byte[] values = PthRoundTripTests.Noise(StorageBytes, 7);
        PthTensor[] tensors = [.. Enumerable.Range(0, Storages).Select(i => PthTensor.Whole($"layer{i}.weight", $"{i}", WeightDType.F32, values, 512, 1024))];
        using var written = new PthFile();
        using var converted = new PthFile(".safetensors");
        using (var stream = File.Create(written.FilePath))
        {
            var pickle = new PthPickle().StateDictionary(tensors, isLegacy: kind == "legacy");
            if (kind == "zip")
                PthWriter.WriteZip(stream, pickle.Stop(), PthWriter.Storages(tensors));
            else
                PthWriter.WriteLegacy(stream, pickle.Stop(), pickle.Boundaries, PthWriter.Storages(tensors));
        }

        // Processor time is what is asserted: the machine may be busy with something else.
        double seconds = double.MaxValue, processorSeconds = double.MaxValue;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 3; run++)
        {
            File.Delete(converted.FilePath);
            var clock = Stopwatch.StartNew();
            var start = Environment.CpuUsage.TotalTime;
            using var source = WeightFile.Open(written.FilePath);
            SafetensorsWriter.Write(converted.FilePath, source.Entries.Select(entry => WeightSource.FromFile(source, entry)));
            seconds = Math.Min(seconds, clock.Elapsed.TotalSeconds);
            processorSeconds = Math.Min(processorSeconds, (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }

        long held = (GC.GetAllocatedBytesForCurrentThread() - allocated) / 3;
        TestContext.Out.WriteLine($"{kind}: {Storages * (StorageBytes >> 20) / seconds:f0} MB/s, {seconds:f3} s, {processorSeconds:f3} s of the processor, {held >> 10} KiB allocated");
        Assert.Multiple(() =>
        {
            Assert.That(processorSeconds, Is.LessThan(2));
            Assert.That(held, Is.LessThan(StorageBytes + (64 << 20)));
        });
        using var check = WeightFile.Open(converted.FilePath);
        foreach (var entry in check.Entries)
            Assert.That(check.Read(entry).SequenceEqual(values), entry.Name);
    }
}
