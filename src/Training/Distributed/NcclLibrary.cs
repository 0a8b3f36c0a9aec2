using System.Runtime.InteropServices;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>NVIDIA's NCCL, version 2, called directly. Names, codes and layouts are those of its nccl.h.</summary>
internal sealed class NcclLibrary : INccl
{
    /// <summary>Where it is looked for.</summary>
    internal static readonly string[] Names = ["libnccl.so.2", "libnccl.so"];

    private const int Success = 0, InvalidUsage = 5, Sum = 0;

    private readonly IntPtr _library;
    private readonly AllReduce _allReduce;
    private readonly Group _groupStart;
    private readonly Group _groupEnd;

    private NcclLibrary(IntPtr library)
    {
        _library = library;
        _allReduce = Function<AllReduce>("ncclAllReduce");
        _groupStart = Function<Group>("ncclGroupStart");
        _groupEnd = Function<Group>("ncclGroupEnd");
    }

    private delegate int GetUniqueId(out UniqueId id);

    private delegate int InitRank(out IntPtr communicator, int size, UniqueId id, int rank);

    private delegate int AllReduce(IntPtr send, IntPtr receive, nuint count, int dtype, int operation, IntPtr communicator, IntPtr stream);

    private delegate int Group();

    private delegate int Destroy(IntPtr communicator);

    private delegate IntPtr ErrorString(int code);

    /// <summary>The library, or null where it is not installed.</summary>
    public static NcclLibrary? TryLoad(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
                return new NcclLibrary(library);
        }

        return null;
    }

    /// <summary>ncclDataType_t of an element type.</summary>
    internal static int TypeOf(DType dtype) => dtype switch
    {
        DType.F16 => 6,
        DType.F32 => 7,
        DType.F64 => 8,
        DType.BF16 => 9,
        _ => throw new NotSupportedException($"NCCL: gradients of {dtype} are not summed"),
    };

    /// <inheritdoc/>
    public byte[] NewId()
    {
        Check(Function<GetUniqueId>("ncclGetUniqueId")(out var id), "ncclGetUniqueId");
        return id.Bytes;
    }

    /// <inheritdoc/>
    public IntPtr Join(byte[] id, int size, int rank)
    {
        Check(Function<InitRank>("ncclCommInitRank")(out var communicator, size, new UniqueId { Bytes = id }, rank), "ncclCommInitRank");
        return communicator;
    }

    /// <inheritdoc/>
    public void Begin() => Check(_groupStart(), "ncclGroupStart");

    /// <inheritdoc/>
    public void End() => Check(_groupEnd(), "ncclGroupEnd");

    /// <inheritdoc/>
    public void AllReduceSum(IntPtr address, long count, DType dtype, IntPtr communicator, IntPtr stream) =>
        Check(_allReduce(address, address, (nuint)count, TypeOf(dtype), Sum, communicator, stream), "ncclAllReduce");

    /// <inheritdoc/>
    public void Leave(IntPtr communicator) => Check(Function<Destroy>("ncclCommDestroy")(communicator), "ncclCommDestroy");

    private void Check(int code, string function)
    {
        if (code == Success)
            return;
        string why = Marshal.PtrToStringUTF8(Function<ErrorString>("ncclGetErrorString")(code)) ?? "";
        string advice = code == InvalidUsage ? "; every replica needs a GPU of its own" : "";
        throw new IOException($"{function} failed with code {code}: {why}{advice} (NCCL_DEBUG=WARN tells more)");
    }

    private T Function<T>(string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(_library, name));

    /// <summary>ncclUniqueId, which travels by value.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct UniqueId
    {
        /// <summary>NCCL_UNIQUE_ID_BYTES.</summary>
        public const int Length = 128;

        /// <summary>Its contents.</summary>
        [MarshalAs(UnmanagedType.ByValArray, SizeConst = Length)]
        public byte[] Bytes;
    }
}
