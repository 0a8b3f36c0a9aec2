using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Where a thread's launches go while it records them: a stream of their own, and memory that stays with the recording.</summary>
/// <param name="Stream">The stream in capture mode.</param>
/// <param name="Memory">What kernels rent between two launches; a recording holds addresses, so nobody else may get it.</param>
internal sealed record Recording(AcceleratorStream Stream, DeviceMemoryPool Memory);
