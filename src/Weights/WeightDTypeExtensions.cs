using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Facts about each <see cref="WeightDType"/>.</summary>
public static class WeightDTypeExtensions
{
    private static readonly string[] Names =
    [
        "?", "BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
        "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64",
    ];

    /// <summary>The type of a safetensors name such as <c>F8_E4M3</c>; <see cref="WeightDType.Unknown"/> where there is none.</summary>
    public static WeightDType Parse(string name) => (WeightDType)Math.Max(0, Array.IndexOf(Names, name));

    extension(WeightDType dtype)
    {
        /// <summary>The name safetensors gives it, for example <c>F8_E4M3</c>.</summary>
        public string Name => Names[(int)dtype];

        /// <summary>Bits of one element; 0 for <see cref="WeightDType.Unknown"/>.</summary>
        public int BitSize => dtype switch
        {
            WeightDType.Unknown => 0,
            WeightDType.F4 => 4,
            WeightDType.F6E2M3 or WeightDType.F6E3M2 => 6,
            <= WeightDType.F8E5M2Fnuz => 8,
            <= WeightDType.BF16 => 16,
            <= WeightDType.F32 => 32,
            _ => 64,
        };

        /// <summary>Bytes of one element; 0 where elements share bytes (F4, F6) and for <see cref="WeightDType.Unknown"/>.</summary>
        public int ByteSize => dtype.BitSize >> 3 is var bytes && bytes << 3 == dtype.BitSize ? bytes : 0;

        /// <summary>True for every float, of whatever width.</summary>
        public bool IsFloatingPoint => dtype is WeightDType.F4 or WeightDType.F6E2M3 or WeightDType.F6E3M2
            or (>= WeightDType.F8E5M2 and <= WeightDType.F8E5M2Fnuz)
            or WeightDType.F16 or WeightDType.BF16 or WeightDType.F32 or WeightDType.F64;

        /// <summary>The engine's type that holds these values: the same one where the engine has it, else the narrowest that loses nothing
        /// (BOOL as U8, I8, I16 and U16 as I32, U32 as I64, 8-bit floats as F32). F64 becomes F32, rounded: the engine computes in F32.</summary>
        /// <returns>Null for what the engine cannot hold: F4, F6, C64, U64 and unknown types.</returns>
        public DType? EngineType => dtype switch
        {
            WeightDType.F32 or WeightDType.F64 => DType.F32,
            WeightDType.F16 => DType.F16,
            WeightDType.BF16 => DType.BF16,
            >= WeightDType.F8E5M2 and <= WeightDType.F8E5M2Fnuz => DType.F32,
            WeightDType.U8 or WeightDType.Bool => DType.U8,
            WeightDType.I8 or WeightDType.I16 or WeightDType.U16 or WeightDType.I32 => DType.I32,
            WeightDType.U32 or WeightDType.I64 => DType.I64,
            _ => null,
        };
    }
}
