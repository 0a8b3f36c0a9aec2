namespace ResNeSt.Tensors;

/// <summary>How <see cref="InterpolateOp"/> finds values between samples.</summary>
public enum InterpolationMode
{
    /// <summary>The sample at the rounded-down position of the pixel's corner (PyTorch "nearest", ONNX asymmetric with floor).</summary>
    Nearest,

    /// <summary>The sample nearest to the pixel's centre, the later one of two equally near (PyTorch "nearest-exact").</summary>
    NearestExact,

    /// <summary>The sample nearest to the pixel's centre, the earlier one of two equally near (ONNX half_pixel with round_prefer_floor).</summary>
    NearestPreferFloor,

    /// <summary>Linear in both directions between the four samples around.</summary>
    Bilinear,
}
