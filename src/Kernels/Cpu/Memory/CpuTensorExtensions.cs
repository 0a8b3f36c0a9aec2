using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>How kernels of this backend reach the memory of their tensors.</summary>
internal static unsafe class CpuTensorExtensions
{
    extension(Tensor tensor)
    {
        /// <summary>The first element, for a tensor of F32.</summary>
        public float* Floats => (float*)((CpuStorage)tensor.Storage).Pointer;

        /// <summary>The first byte.</summary>
        public byte* Bytes => ((CpuStorage)tensor.Storage).Pointer;
    }
}
