namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Ways to compute a product.</summary>
internal enum GemmVariant
{
    /// <summary>By shape and device.</summary>
    Automatic,

    /// <summary><see cref="DirectKernel"/>.</summary>
    Direct,

    /// <summary><see cref="GemmKernel"/> with <see cref="Tile64"/>.</summary>
    Tile64,

    /// <summary><see cref="GemmKernel"/> with <see cref="Tile128"/>.</summary>
    Tile128,

    /// <summary><see cref="TensorGemmKernel"/> with <see cref="TensorTile64"/>.</summary>
    Tensor64,

    /// <summary><see cref="TensorGemmKernel"/> with <see cref="TensorTile128"/>.</summary>
    Tensor128,
}
