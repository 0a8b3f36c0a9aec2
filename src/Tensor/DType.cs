namespace ResNeSt.Tensors;

/// <summary>Element types of a tensor.</summary>
/// <remarks>F16 and BF16 are storage types: every backend computes and accumulates them in F32. F64 exists on the reference backend only.</remarks>
public enum DType
{
    /// <summary>32-bit IEEE 754 floating point.</summary>
    F32,

    /// <summary>16-bit IEEE 754 floating point.</summary>
    F16,

    /// <summary>bfloat16: the upper half of an F32.</summary>
    BF16,

    /// <summary>64-bit IEEE 754 floating point; reference backend only.</summary>
    F64,

    /// <summary>32-bit signed integer.</summary>
    I32,

    /// <summary>64-bit signed integer; class indices.</summary>
    I64,

    /// <summary>8-bit unsigned integer; pixels and masks.</summary>
    U8,
}

/// <summary>Facts about each <see cref="DType"/>.</summary>
public static class DTypeExtensions
{
    extension(DType dtype)
    {
        /// <summary>Bytes of one element.</summary>
        public int ByteSize => dtype switch
        {
            DType.F64 or DType.I64 => 8,
            DType.F32 or DType.I32 => 4,
            DType.F16 or DType.BF16 => 2,
            DType.U8 => 1,
            _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "unknown element type"),
        };

        /// <summary>True for F16, BF16, F32 and F64: the types that can carry a gradient.</summary>
        public bool IsFloatingPoint => dtype is DType.F32 or DType.F16 or DType.BF16 or DType.F64;
    }
}
