using ResNeSt.Tensors;

namespace ResNeSt.Onnx;

/// <summary>ONNX's numbers of element types: onnx.proto, enum TensorProto.DataType.</summary>
internal static class OnnxTypes
{
    public const int Bool = 9;

    public static int Of(DType dtype) => dtype switch
    {
        DType.F32 => 1,
        DType.U8 => 2,
        DType.I32 => 6,
        DType.I64 => 7,
        DType.F16 => 10,
        DType.F64 => 11,
        DType.BF16 => 16,
        _ => throw new NotSupportedException($"onnx: element type {dtype} has no counterpart"),
    };
}
