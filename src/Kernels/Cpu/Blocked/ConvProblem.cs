using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A fused convolution with all extents: what an algorithm is chosen for, and the key of its measured time.</summary>
/// <remarks>Input extents are those that the convolution itself sees, behind the prologue.</remarks>
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

    /// <summary>All of it in one line without blanks inside of numbers, the key of its measured time: <c>1x64x56x56-128x56x56 3x3 g2 p1,1,1,1 relu pool2</c>.</summary>
    public override string ToString()
    {
        var (g, text) = (Geometry, new System.Text.StringBuilder());
        text.Append(System.Globalization.CultureInfo.InvariantCulture,
            $"{Batch}x{InputChannels}x{InputHeight}x{InputWidth}-{OutputChannels}x{OutputHeight}x{OutputWidth} {KernelH}x{KernelW}");
        Append(g.Groups != 1, $" g{g.Groups}");
        Append(g.StrideH != 1 || g.StrideW != 1, $" s{g.StrideH},{g.StrideW}");
        Append(g.DilationH != 1 || g.DilationW != 1, $" d{g.DilationH},{g.DilationW}");
        Append((g.PadTop, g.PadLeft, g.PadBottom, g.PadRight) != default, $" p{g.PadTop},{g.PadLeft},{g.PadBottom},{g.PadRight}");
        Append(Prologue.AttentionRadix > 0, $" attention{Prologue.AttentionRadix}");
        if (Prologue.Pool is { Geometry: var pool })
            Append(true, $" average{pool.KernelH}x{pool.KernelW}s{pool.StrideH},{pool.StrideW}");
        Append(Epilogue.Residual, $" residual");
        Append(Epilogue.Activation != ActivationKind.None, $" {Epilogue.Activation.ToString().ToLowerInvariant()}");
        Append(Epilogue.PoolRadix > 0, $" pool{Epilogue.PoolRadix}");
        Append(WeightType != DType.F32, $" {WeightType.ToString().ToLowerInvariant()}");
        return text.ToString();

        void Append(bool when, FormattableString part)
        {
            if (when)
                text.Append(FormattableString.Invariant(part));
        }
    }
}
