using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Facts about one device.</summary>
/// <param name="Device">The name by which the engine opens it.</param>
/// <param name="Name">The maker's name.</param>
/// <param name="MemoryBytes">Memory in bytes.</param>
/// <param name="Multiprocessors">Multiprocessors or compute units.</param>
/// <param name="WarpSize">Threads that run in step.</param>
/// <param name="MaxGroupSize">Most threads of a group.</param>
/// <param name="SharedMemoryBytes">Shared memory that a group can have without asking for more.</param>
/// <param name="Detail">Anything else worth a word, or empty.</param>
public sealed record IlgpuDeviceInfo(
    Device Device, string Name, long MemoryBytes, int Multiprocessors, int WarpSize, int MaxGroupSize, int SharedMemoryBytes, string Detail);
