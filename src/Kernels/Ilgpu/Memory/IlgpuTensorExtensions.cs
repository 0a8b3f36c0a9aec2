using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How kernels of this backend reach the memory of their tensors.</summary>
internal static class IlgpuTensorExtensions
{
    extension(Tensor tensor)
    {
        /// <summary>The elements of a tensor of F32.</summary>
        public ArrayView<float> Floats => tensor.Elements<float>();

        /// <summary>The elements as values of a type of the same size.</summary>
        public ArrayView<T> Elements<T>()
            where T : unmanaged =>
            ((IlgpuStorage)tensor.Storage).Bytes.SubView(0, tensor.Spec.ByteLength).Cast<T>();
    }
}
