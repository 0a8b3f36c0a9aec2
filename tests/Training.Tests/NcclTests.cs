using System.Diagnostics;
using System.Runtime.InteropServices;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Training.Tests;

/// <summary>Gradients summed through NCCL, with a stand-in for the library and for the devices.</summary>
public sealed class NcclTests
{
    private const string StandIn =
        """
        #include <stddef.h>
        typedef struct { char internal[128]; } ncclUniqueId;
        typedef struct { int size, grouped; } comm;
        static comm only;
        int ncclGetUniqueId(ncclUniqueId* id) { for (int i = 0; i < 128; i++) id->internal[i] = (char)(i * 3); return 0; }
        int ncclCommInitRank(comm** result, int size, ncclUniqueId id, int rank)
        {
            for (int i = 0; i < 128; i++) if (id.internal[i] != (char)(i * 3)) return 4;
            if (rank != size - 1) return 4;
            only.size = size;
            *result = &only;
            return 0;
        }
        int ncclGroupStart(void) { only.grouped = 1; return 0; }
        int ncclGroupEnd(void) { only.grouped = 0; return 0; }
        int ncclAllReduce(const void* from, void* to, size_t count, int type, int op, comm* c, void* stream)
        {
            if (type != 7 || op != 0 || c != &only || !only.grouped || stream != (void*)99) return 4;
            for (size_t i = 0; i < count; i++) ((float*)to)[i] = only.size * ((const float*)from)[i];
            return 0;
        }
        int ncclCommDestroy(comm* c) { return c == &only ? 0 : 5; }
        const char* ncclGetErrorString(int code) { return "you did it wrong"; }
        """;

    [OneTimeSetUp]
    public void RegisterBackends()
    {
        DefaultBackends.Use();
        BackendRegistry.Register("pinned", index => new PinnedBackend(index));
    }

    [Test]
    public void Library_ThatIsNotThere_IsNull() => Assert.That(NcclLibrary.TryLoad(["libno-such-nccl.so.2"]), Is.Null);

    /// <summary>The numbers of nccl.h, which are part of its binary interface.</summary>
    [Test]
    public void TypesAndLayout_AreThoseOfTheHeader()
    {
        Assert.That(((DType[])[DType.F16, DType.F32, DType.F64, DType.BF16]).Select(NcclLibrary.TypeOf), Is.EqualTo(new[] { 6, 7, 8, 9 }));
        Assert.That(() => NcclLibrary.TypeOf(DType.I64), Throws.InstanceOf<NotSupportedException>());
        Assert.That(Marshal.SizeOf<NcclLibrary.UniqueId>(), Is.EqualTo(128));
    }

    /// <summary>The calls as the machine makes them: a library of the same interface, compiled here, checks what arrives.</summary>
    [Test]
    [Platform("Linux")]
    public void Library_OfTheSameInterface_GetsItsArguments()
    {
        string folder = Directory.CreateTempSubdirectory("resnest-nccl-").FullName;
        try
        {
            string source = Path.Combine(folder, "nccl.c"), file = Path.Combine(folder, "libnccl.so.2");
            File.WriteAllText(source, StandIn);
            if (!Compiles(source, file))
                Assert.Ignore("there is no C compiler (cc) to make a stand-in for the library");
            var library = NcclLibrary.TryLoad(["libno-such-nccl.so.2", file])!;
            float[] values = GC.AllocateArray<float>(3, pinned: true);
            (values[0], values[1], values[2]) = (1, 2, 3);

            IntPtr communicator = library.Join(library.NewId(), 4, 3);
            library.Begin();
            library.AllReduceSum(Marshal.UnsafeAddrOfPinnedArrayElement(values, 0), 3, DType.F32, communicator, 99);
            library.End();
            library.Leave(communicator);

            Assert.That(values, Is.EqualTo(new float[] { 4, 8, 12 }));
            Assert.That(() => library.Leave(0), Throws.InstanceOf<IOException>().With.Message.EqualTo("ncclCommDestroy failed with code 5: you did it wrong; every replica needs a GPU of its own (NCCL_DEBUG=WARN tells more)"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void TryJoin_OnDevicesWithoutNativeAccess_IsSilent()
    {
        var reducers = new NcclReducer?[2];
        Together(2, group => reducers[group.Rank] = NcclReducer.TryJoin(group, BackendRegistry.Get(Device.Cpu), _ => Assert.Fail("a note")));
        Assert.That(reducers, Has.All.Null);
    }

    [Test]
    public void TryJoin_WhereOneReplicaLacksTheLibrary_SaysWhatToInstall()
    {
        var notes = new string[2];
        var library = new FakeNccl(2);
        Together(2, group =>
        {
            var backend = BackendRegistry.Get(new Device("pinned", group.Rank));
            Assert.That(NcclReducer.TryJoin(group, backend, native: true, group.Rank == 0 ? library : null, "here", note => notes[group.Rank] = note), Is.Null);
        });
        Assert.That(notes, Has.All.Contains("libnccl.so.2").And.All.Contains("libnccl2"));
    }

    [Test]
    public void TryJoin_OfReplicasOnOneGpu_GoesThroughTheHost()
    {
        var notes = new string[2];
        var library = new FakeNccl(2);
        Together(2, group =>
        {
            var backend = BackendRegistry.Get(new Device("pinned", 0));
            Assert.That(NcclReducer.TryJoin(group, backend, native: true, library, "here", note => notes[group.Rank] = note), Is.Null);
        });
        Assert.That(notes, Has.All.Contains("share a GPU"));
    }

    [Test]
    public void SumGradients_WithAReducer_SumsInTheDevicesMemory()
    {
        const int Count = 3;
        var library = new FakeNccl(Count);
        var sums = new float[Count][];
        Together(Count, group =>
        {
            var backend = BackendRegistry.Get(new Device("pinned", group.Rank));
            group.Reducer = NcclReducer.TryJoin(group, backend, native: true, library, "here", _ => Assert.Fail("a note"));
            using var first = TensorScope.Release(Tensor.FromArray<float>([1, 10 * (group.Rank + 1)], [2], backend.Device));
            using var second = TensorScope.Release(Tensor.FromArray([group.Rank, 0.5f, -1], [3], backend.Device));
            int before = first.Storage.Version;
            group.Reducer!.Sum([first, second]);
            sums[group.Rank] = [.. first.ToArray<float>(), .. second.ToArray<float>()];
            Assert.That(first.Storage.Version, Is.GreaterThan(before));
            group.Reducer.Dispose();
            Assert.That(() => group.Reducer.Sum([first]), Throws.InstanceOf<ObjectDisposedException>());
        });
        Assert.That(sums, Has.All.EqualTo(new float[] { 3, 60, 3, 1.5f, -3 }));
        Assert.That(library.Launches, Is.EqualTo(Count), "one launch a replica");
        Assert.That(library.Left, Is.EqualTo(Count));
    }

    private static bool Compiles(string source, string file)
    {
        try
        {
            using var compiler = Process.Start(new ProcessStartInfo("cc", ["-shared", "-fPIC", "-o", file, source]))!;
            compiler.WaitForExit();
            return compiler.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static void Together(int count, Action<ThreadReplicas> work)
    {
        var groups = ThreadReplicas.Create(count);
        Parallel.ForEach(groups, new ParallelOptions { MaxDegreeOfParallelism = count }, group =>
        {
            try
            {
                work(group);
            }
            catch
            {
                group.Leave();
                throw;
            }
        });
    }

    /// <summary>Memory with addresses: pinned arrays of the host.</summary>
    private sealed class PinnedBackend(int index) : Backend(new Device("pinned", index))
    {
        public override Storage Allocate(long byteLength) => new PinnedStorage(this, byteLength);

        public override void Upload(ReadOnlySpan<byte> source, Storage destination) => source.CopyTo(((PinnedStorage)destination).Memory);

        public override void Download(Storage source, Span<byte> destination) => ((PinnedStorage)source).Memory.AsSpan(0, destination.Length).CopyTo(destination);

        public override void Copy(Storage source, Storage destination, long byteLength) => ((PinnedStorage)source).Memory.AsSpan(0, (int)byteLength).CopyTo(((PinnedStorage)destination).Memory);

        public override bool EnqueueNative(IReadOnlyList<Storage> memory, Action<IntPtr, IReadOnlyList<IntPtr>> work)
        {
            work(77, [.. memory.Select(storage => Marshal.UnsafeAddrOfPinnedArrayElement(((PinnedStorage)storage).Memory, 0))]);
            return true;
        }
    }

    private sealed class PinnedStorage(Backend backend, long byteLength) : Storage(backend, byteLength)
    {
        public byte[] Memory { get; } = GC.AllocateArray<byte>((int)byteLength, pinned: true);

        protected override void Free()
        {
        }
    }

    /// <summary>Sums at addresses, as the library does; a replica's calls between Begin and End are one launch.</summary>
    private sealed class FakeNccl(int size) : INccl
    {
        private readonly IReadOnlyList<ThreadReplicas> _wires = ThreadReplicas.Create(size);
        private readonly ThreadLocal<bool> _grouped = new();
        private int _launches, _left;

        public int Launches => _launches;

        public int Left => _left;

        public byte[] NewId() => [.. Enumerable.Range(0, 128).Select(i => (byte)(i ^ 0x5a))];

        public IntPtr Join(byte[] id, int size, int rank)
        {
            Assert.That(id, Is.EqualTo(NewId()), "the first replica's name came to all");
            return rank + 1;
        }

        public void Begin() => _grouped.Value = true;

        public void End()
        {
            _grouped.Value = false;
            Interlocked.Increment(ref _launches);
        }

        public void AllReduceSum(IntPtr address, long count, DType dtype, IntPtr communicator, IntPtr stream)
        {
            Assert.That((_grouped.Value, dtype, stream), Is.EqualTo((true, DType.F32, (IntPtr)77)));
            var values = new float[count];
            Marshal.Copy(address, values, 0, values.Length);
            _wires[(int)communicator - 1].AllReduceSum(values.AsSpan());
            Marshal.Copy(values, 0, address, values.Length);
        }

        public void Leave(IntPtr communicator) => Interlocked.Increment(ref _left);
    }
}
