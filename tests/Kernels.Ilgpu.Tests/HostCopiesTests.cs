using ILGPU.Runtime;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Copies between host and device through pinned blocks: on a simulated device, and on one that works late, as a GPU does.</summary>
[TestFixture]
public sealed class HostCopiesTests
{
    private static IlgpuBackend Backend => (IlgpuBackend)BackendRegistry.Get("ilgpu-cpu");

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [TestCase(1)]
    [TestCase(255)]
    [TestCase(257)]
    [TestCase(HostCopies.BlockLength - 1)]
    [TestCase(HostCopies.BlockLength)]
    [TestCase(2 * HostCopies.BlockLength + 77)]
    public void UploadAndDownload_OfAnyLength_KeepEveryByte(int length)
    {
        byte[] values = Bytes(length, seed: 1), back = new byte[length];
        var storage = Backend.Allocate(length);
        Backend.Upload(values, storage);
        Array.Clear(values);
        Backend.Download(storage, back);
        storage.ReleaseReference();
        Assert.That(back.AsSpan().SequenceEqual(Bytes(length, seed: 1)));
    }

    [Test]
    public void Uploads_OfManyThreads_DoNotMix()
    {
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            int length = 1 + i * 4099;
            var storage = Backend.Allocate(length);
            var back = new byte[length];
            for (int round = 0; round < 5; round++)
            {
                byte[] values = Bytes(length, (ulong)(100 * i + round));
                Backend.Upload(values, storage);
                Backend.Download(storage, back);
                Assert.That(back.AsSpan().SequenceEqual(values), $"{length} bytes, round {round}");
            }

            storage.ReleaseReference();
        });
    }

    [Test]
    public void Upload_ToADeviceThatWorksLate_TakesTheCallersValuesAndNeverWritesOverThoseUnderWay()
    {
        using var device = new LateDevice(Backend, blockLength: 1024, limit: 3);
        int[] lengths = [1, 700, 255, 1024, 5000, 3, 256];
        var storages = lengths.Select(length => (IlgpuStorage)Backend.Allocate(length)).ToArray();
        for (int i = 0; i < lengths.Length; i++)
        {
            byte[] values = Bytes(lengths[i], (ulong)i);
            device.Copies.Upload(values, storages[i].Bytes);
            // The caller's memory is the caller's again.
            Array.Clear(values);
        }

        device.Work();
        for (int i = 0; i < lengths.Length; i++)
        {
            var back = new byte[lengths[i]];
            Backend.Download(storages[i], back);
            Assert.That(back.AsSpan().SequenceEqual(Bytes(lengths[i], (ulong)i)), $"upload {i}");
            storages[i].ReleaseReference();
        }
    }

    [Test]
    public void Upload_WithRoomInTheBlocks_WaitsForNothing()
    {
        using var device = new LateDevice(Backend, blockLength: 1024, limit: 4);
        var storage = (IlgpuStorage)Backend.Allocate(1024);
        for (int i = 0; i < 4; i++)
            device.Copies.Upload(Bytes(1024, (ulong)i), storage.Bytes);
        Assert.That(device.Waits, Is.Zero);
        Assert.That(device.Pool.Count, Is.EqualTo(4));

        device.Copies.Upload(Bytes(1024, 5), storage.Bytes);
        Assert.That(device.Waits, Is.GreaterThan(0), "no block is left: the oldest is waited for");
        Assert.That(device.Pool.Count, Is.EqualTo(4));
        device.Work();
        storage.ReleaseReference();
    }

    [Test]
    public void Upload_WhenTheDeviceKeepsUp_UsesOneBlockAgainAndAgain()
    {
        using var device = new LateDevice(Backend, blockLength: 1024, limit: 4);
        var storage = (IlgpuStorage)Backend.Allocate(1000);
        for (int i = 0; i < 10; i++)
        {
            device.Copies.Upload(Bytes(1000, (ulong)i), storage.Bytes);
            device.Work();
        }

        Assert.That(device.Pool.Count, Is.EqualTo(1));
        storage.ReleaseReference();
    }

    [Test]
    public void Download_FromADeviceThatWorksLate_SeesTheWorkBeforeIt()
    {
        using var device = new LateDevice(Backend, blockLength: HostCopies.BlockLength, limit: 2);
        int length = HostCopies.BlockLength + 13;
        var storage = (IlgpuStorage)Backend.Allocate(length);
        device.Copies.Upload(Bytes(length, 9), storage.Bytes);
        var back = new byte[length];
        device.Copies.Download(storage.Bytes, back);
        storage.ReleaseReference();
        Assert.That(back.AsSpan().SequenceEqual(Bytes(length, 9)));
    }

    [Test]
    public void Dispose_FreesEveryBlockOnce()
    {
        var device = new LateDevice(Backend, blockLength: 1024, limit: 4);
        var storage = (IlgpuStorage)Backend.Allocate(3000);
        device.Copies.Upload(Bytes(3000, 1), storage.Bytes);
        device.Work();
        var taken = device.Pool.Rent();
        device.Dispose();
        Assert.That(device.Alive, Is.EqualTo(1), "what somebody still holds");
        device.Pool.Return(taken);
        Assert.That(device.Alive, Is.Zero);
        Assert.That(() => taken.Bytes.Length, Throws.InstanceOf<ObjectDisposedException>(), "freed memory cannot be reached");
        Assert.That(device.Pool.Rent, Throws.InstanceOf<ObjectDisposedException>());
        storage.ReleaseReference();
    }

    private static byte[] Bytes(int length, ulong seed)
    {
        var generator = new Generator(seed);
        var values = new byte[length];
        for (int i = 0; i < length; i++)
            values[i] = (byte)generator.NextInt(256);
        return values;
    }

    /// <summary>Does what it is given only when somebody waits for it, or when told.</summary>
    private sealed class LateDevice : IDisposable
    {
        private readonly Queue<Action> _work = [];

        public LateDevice(IlgpuBackend backend, int blockLength, int limit)
        {
            var queue = backend.Queue;
            Pool = new PinnedPool(() =>
            {
                Alive++;
                return new PinnedBlock(queue.Accelerator, blockLength, new LateEvent(this));
            }, limit);
            Copies = new HostCopies(Pool, (_, work) => _work.Enqueue(() => work(queue.Stream)));
        }

        public PinnedPool Pool { get; }

        public HostCopies Copies { get; }

        public int Waits { get; private set; }

        public int Alive { get; private set; }

        public void Work()
        {
            while (_work.TryDequeue(out var next))
                next();
        }

        public void Dispose() => Copies.Dispose();

        private sealed class LateEvent(LateDevice device) : DeviceEvent
        {
            public override bool HasPassed => device._work.Count == 0;

            public override void Record(AcceleratorStream stream)
            {
            }

            public override void Wait()
            {
                if (HasPassed)
                    return;
                device.Waits++;
                device.Work();
            }

            public override double SecondsSince(DeviceEvent start) => 0;

            public override void Dispose()
            {
                device.Alive--;
                base.Dispose();
            }
        }
    }
}
