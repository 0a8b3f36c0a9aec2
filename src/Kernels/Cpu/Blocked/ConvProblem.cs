using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A fused convolution with all extents: what an algorithm is chosen for, and the key of its measured time.</summary>
internal sealed record ConvProblem(
    int Batch, int InputChannels, int OutputChannels, int InputHeight, int InputWidth, int OutputHeight, int OutputWidth,
    int KernelH, int KernelW, ConvGeometry Geometry, ConvPrologue Prologue, ConvEpilogue Epilogue, DType WeightType)
{
    /// <summary>Groups.</summary>
    public int Groups => Geometry.Groups;

    /// <summary>Input channels that one output channel sees.</summary>
    public int GroupInputs => InputChannels / Groups;

    /// <summary>Output channels of a group.</summary>
    public int GroupOutputs => OutputChannels / Groups;

    /// <summary>Multiply-adds count two; as a direct convolution.</summary>
    public long Flops => 2L * Batch * OutputChannels * OutputHeight * OutputWidth * GroupInputs * KernelH * KernelW;

    /// <summary>Stride one, no dilation, 3×3, no prologue: where Winograd's algorithm applies.</summary>
    public bool IsUnitStride3x3 => this is { KernelH: 3, KernelW: 3, Geometry: { StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1 }, Prologue: { AttentionRadix: 0, Pool: null } };
}
