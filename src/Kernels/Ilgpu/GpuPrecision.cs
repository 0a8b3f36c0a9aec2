namespace ResNeSt.Kernels.Ilgpu;

/// <summary>What the factors of convolutions and matrix products are rounded to; sums are F32 always.</summary>
public enum GpuPrecision
{
    /// <summary>Not at all: plain multiply-adds.</summary>
    F32,

    /// <summary>11 bits with the range of F32, on tensor cores.</summary>
    TF32,

    /// <summary>Half precision, on tensor cores; numbers beyond 65504 overflow.</summary>
    F16,

    /// <summary>bfloat16, 8 bits with the range of F32, on tensor cores.</summary>
    BF16,
}
