using System.Security.Cryptography;
using System.Text;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Training;

/// <summary>Sums the gradients of replicas on CUDA devices through NCCL, where its library is installed.</summary>
/// <remarks>The replicas still need a group of processes, sockets or MPI, to find each other. NCCL adds in the order of its rings or trees, which it
/// chooses by topology, library version and size: the same machine gives the same bits in every run, and all replicas hold the same, but not those of
/// sums in the order of the ranks. With two replicas the order has no influence.</remarks>
public sealed class NcclReducer : IGradientReducer
{
    private readonly INccl _nccl;
    private readonly Backend _backend;
    private IntPtr _communicator;

    private NcclReducer(INccl nccl, Backend backend, IntPtr communicator) => (_nccl, _backend, _communicator) = (nccl, backend, communicator);

    /// <summary>Joins the other replicas, if all of them have NCCL and a CUDA device of their own.</summary>
    /// <param name="group">The replicas; all must call this at the same point.</param>
    /// <param name="backend">This replica's device.</param>
    /// <param name="note">Told in one line why gradients go through the host's memory, where they do although all devices are CUDA's.</param>
    /// <returns>What to set as <see cref="ReplicaGroup.Reducer"/>, or null.</returns>
    public static NcclReducer? TryJoin(ReplicaGroup group, Backend backend, Action<string> note)
    {
        if (group.Size == 1)
            return null;
        bool native = backend.EnqueueNative([], static (_, _) => { });
        return TryJoin(group, backend, native, native ? NcclLibrary.TryLoad(NcclLibrary.Names) : null, Environment.MachineName, note);
    }

    /// <inheritdoc cref="TryJoin(ReplicaGroup, Backend, Action{string})"/>
    internal static NcclReducer? TryJoin(ReplicaGroup group, Backend backend, bool native, INccl? nccl, string machine, Action<string> note)
    {
        // Each replica tells what it has: nothing, a device without the library, or the number of its device.
        var told = new double[group.Size];
        told[group.Rank] = !native ? 0 : nccl is null ? 1 : NumberOf(machine, backend.Device);
        group.AllReduceSum(told);
        if (told.Contains(0))
            return null;
        if (told.Contains(1))
        {
            note($"NCCL ({string.Join(" or ", NcclLibrary.Names)}) could not be loaded by every replica; gradients go through the host's memory. Install it (package libnccl2) to sum them on the GPUs");
            return null;
        }

        if (told.Distinct().Count() < told.Length)
        {
            note("two replicas share a GPU, which NCCL does not allow; gradients go through the host's memory");
            return null;
        }

        var id = group.Rank == 0 ? nccl!.NewId() : new byte[NcclLibrary.UniqueId.Length];
        group.Broadcast<byte>(id);
        // The communicator belongs to the device whose context the thread has.
        IntPtr communicator = 0;
        if (!backend.EnqueueNative([], (_, _) => communicator = nccl!.Join(id, group.Size, group.Rank)))
            throw new InvalidOperationException($"device {backend.Device} gives no native access");
        return new NcclReducer(nccl!, backend, communicator);
    }

    /// <inheritdoc/>
    public void Sum(IReadOnlyList<Tensor> gradients)
    {
        ObjectDisposedException.ThrowIf(_communicator == 0, this);
        _backend.EnqueueNative([.. gradients.Select(gradient => gradient.Storage)], (stream, addresses) =>
        {
            _nccl.Begin();
            for (int i = 0; i < gradients.Count; i++)
                _nccl.AllReduceSum(addresses[i], gradients[i].Spec.ElementCount, gradients[i].DType, _communicator, stream);
            _nccl.End();
        });
        foreach (var gradient in gradients)
            gradient.Storage.MarkWritten();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_communicator == 0)
            return;
        _backend.Synchronize();
        _nccl.Leave(_communicator);
        _communicator = 0;
    }

    /// <summary>A number that devices of one machine, and of others, do not share; an integer of 52 bits, so that sums with zeros keep it.</summary>
    private static double NumberOf(string machine, Device device) =>
        2 + (BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{machine} {device}"))) >> 12);
}
