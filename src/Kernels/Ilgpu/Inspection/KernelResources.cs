namespace ResNeSt.Kernels.Ilgpu;

/// <summary>What an assembled kernel needs: registers, stack and spills of a thread, shared memory of a group.</summary>
/// <param name="Registers">32-bit registers of a thread.</param>
/// <param name="SharedBytes">Shared memory of a group.</param>
/// <param name="StackBytes">Stack frame of a thread; not zero means arrays in local memory.</param>
/// <param name="SpillBytes">Bytes stored because registers did not suffice.</param>
public readonly record struct KernelResources(int Registers, int SharedBytes, int StackBytes, int SpillBytes);
