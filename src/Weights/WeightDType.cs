namespace ResNeSt.Weights;

/// <summary>Element types that a weight file can hold, in the order of the safetensors reference (by alignment, ascending).</summary>
/// <remarks>The order matters: a safetensors writer lays tensors out by descending member, then by name.</remarks>
public enum WeightDType
{
    /// <summary>A type this library does not know; its bytes can be listed but not loaded.</summary>
    Unknown,

    /// <summary>Boolean, one byte, 0 or 1.</summary>
    Bool,

    /// <summary>4-bit float, E2M1; two to a byte.</summary>
    F4,

    /// <summary>6-bit float, two exponent and three mantissa bits; four to three bytes.</summary>
    F6E2M3,

    /// <summary>6-bit float, three exponent and two mantissa bits; four to three bytes.</summary>
    F6E3M2,

    /// <summary>8-bit unsigned integer.</summary>
    U8,

    /// <summary>8-bit signed integer.</summary>
    I8,

    /// <summary>8-bit float E5M2 (OCP): IEEE-like, with infinities.</summary>
    F8E5M2,

    /// <summary>8-bit float E4M3 (OCP, "fn"): no infinities, one NaN pattern per sign.</summary>
    F8E4M3,

    /// <summary>8-bit power of two (OCP scale): exponent only, bias 127, 255 is NaN.</summary>
    F8E8M0,

    /// <summary>8-bit float E4M3 "fnuz": bias 8, no negative zero, 0x80 is NaN.</summary>
    F8E4M3Fnuz,

    /// <summary>8-bit float E5M2 "fnuz": bias 16, no negative zero, 0x80 is NaN.</summary>
    F8E5M2Fnuz,

    /// <summary>16-bit signed integer.</summary>
    I16,

    /// <summary>16-bit unsigned integer.</summary>
    U16,

    /// <summary>16-bit IEEE 754 float.</summary>
    F16,

    /// <summary>bfloat16.</summary>
    BF16,

    /// <summary>32-bit signed integer.</summary>
    I32,

    /// <summary>32-bit unsigned integer.</summary>
    U32,

    /// <summary>32-bit IEEE 754 float.</summary>
    F32,

    /// <summary>Complex number of two 32-bit floats.</summary>
    C64,

    /// <summary>64-bit IEEE 754 float.</summary>
    F64,

    /// <summary>64-bit signed integer.</summary>
    I64,

    /// <summary>64-bit unsigned integer.</summary>
    U64,
}
