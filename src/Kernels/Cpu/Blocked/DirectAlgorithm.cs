using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Direct convolution: any window, stride, dilation, groups and prologue.</summary>
internal sealed class DirectAlgorithm : ConvAlgorithm
{
    private readonly bool _planes;

    private DirectAlgorithm(bool planes)
    {
        _planes = planes;
    }

    /// <summary>The one that reads blocked activations.</summary>
    public static DirectAlgorithm Blocked { get; } = new(planes: false);

    /// <summary>The one that reads a picture of a few planes as it comes.</summary>
    public static DirectAlgorithm Planes { get; } = new(planes: true);

    /// <inheritdoc/>
    public override string Name => _planes ? "direct planes" : "direct";

    /// <inheritdoc/>
    public override bool ReadsPlanes => _planes;

    /// <summary>Width of the vectors in use.</summary>
    /// <remarks>Not inlined: a method that asks for AVX-512 itself is not compiled when an application is published, nor is what only it calls.</remarks>
    public static int VectorBits
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get => Avx512F.IsSupported ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;
    }

    /// <summary>Whether the chunks of a convolution should compute its prologue: where they divide the rows, not the output channels.</summary>
    public static bool KeepsPrologue(ConvProblem problem) =>
        (long)problem.OutputChannels * problem.GroupInputs * problem.KernelH * problem.KernelW * problem.WeightType.ByteSize <= ConvChunks.PreparedWeightBytes;

    /// <summary>What the taps of a convolution reach beyond the image.</summary>
    public static Border Reach(ConvProblem problem)
    {
        var g = problem.Geometry;
        int bottom = (problem.OutputHeight - 1) * g.StrideH + (problem.KernelH - 1) * g.DilationH - g.PadTop - (problem.InputHeight - 1);
        int right = (problem.OutputWidth - 1) * g.StrideW + (problem.KernelW - 1) * g.DilationW - g.PadLeft - (problem.InputWidth - 1);
        return new Border(Math.Max(0, g.PadTop), Math.Max(0, g.PadLeft), Math.Max(0, bottom), Math.Max(0, right));
    }

    /// <inheritdoc/>
    public override bool Supports(ConvProblem problem) =>
        !_planes || problem is { Groups: 1, InputChannels: <= 4, Prologue: { AttentionRadix: 0, Pool: null } };

    /// <inheritdoc/>
    public override Border InputBorder(ConvProblem problem) =>
        _planes || problem.Prologue is not { AttentionRadix: 0, Pool: null } ? default : Reach(problem);

    /// <inheritdoc/>
    public override PackedConv Pack(ConvProblem problem, GraphConstant weight, GraphConstant bias) => VectorBits switch
    {
        512 => Pack<Lanes512>(problem, weight, bias),
        256 => Pack<Lanes256>(problem, weight, bias),
        128 => Pack<Lanes128>(problem, weight, bias),
        _ => Pack<Lane>(problem, weight, bias),
    };

    private PackedConv Pack<TLanes>(ConvProblem problem, GraphConstant weight, GraphConstant bias)
        where TLanes : struct, ILanes<TLanes>
    {
        if (!_planes && LaneConvolution<TLanes>.Fits(problem))
            return new LaneConvolution<TLanes>(problem, weight, bias);
        return new DirectConvolution<TLanes>(problem, _planes, weight, bias);
    }
}
