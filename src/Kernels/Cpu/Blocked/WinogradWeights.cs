using System.Runtime.CompilerServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Weights of a 3×3 convolution as Winograd's algorithm multiplies with them, G g Gᵀ, in the order in which they are read:
/// [panel][position][input channel][output channel].</summary>
/// <remarks>F32 weights are transformed once, in double precision, and rounded once. F16 and BF16 ones are kept as they are, nine a kernel, and transformed
/// by each chunk: rounding what is transformed would cost accuracy, and in F32 it would be several times their size.</remarks>
/// <typeparam name="TTransform">The size of the tiles.</typeparam>
internal sealed unsafe class WinogradWeights<TTransform> : IDisposable
    where TTransform : struct, IWinogradTransform
{
    private const int Taps = WeightPacking.Taps;

    private static readonly float[] Matrix = [.. TTransform.WeightMatrix.ToArray().Select(value => (float)value)];

    private readonly ConvProblem _problem;
    private readonly WinogradPlan _plan;
    private readonly PanelStore _store;

    public WinogradWeights(ConvProblem problem, WinogradPlan plan, GraphConstant weight)
    {
        (_problem, _plan) = (problem, plan);
        _store = new PanelStore(problem.WeightType, TransformsLate ? plan.WeightLength / plan.Positions * Taps : plan.WeightLength);
        using var values = new ConstantFloats(weight);
        ParallelRows.For(plan.Panels.Length, index => Pack(plan.Panels[index], weight, values));
    }

    /// <summary>Size in bytes.</summary>
    public long ByteLength => _store.ByteLength;

    /// <summary>Floats that <see cref="Panel{TLanes}"/> needs for the panel with the most inputs.</summary>
    public long ScratchLength => TransformsLate ? _plan.Panels.Max(panel => panel.WeightLength(_plan.Positions)) : 0;

    private bool TransformsLate => _problem.WeightType != DType.F32;

    /// <summary>The transformed weights of a panel: in place, or made now.</summary>
    public float* Panel<TLanes>(WinogradPanel panel, float* scratch)
        where TLanes : struct, ILanes<TLanes>
    {
        if (!TransformsLate)
            return _store.Read(panel.WeightOffset, 0);
        int length = panel.Channels * panel.Width;
        float* taps = _store.Read(panel.WeightOffset / _plan.Positions * Taps, Taps * length);
        for (int channel = 0; channel < panel.Channels; channel++)
            Transform<TLanes>(taps + channel * Taps * panel.Width, panel.Width, scratch + channel * panel.Width, length);
        return scratch;
    }

    public void Dispose() => _store.Dispose();

    private void Pack(WinogradPanel panel, GraphConstant weight, ConstantFloats values)
    {
        int extent = TTransform.Outputs + 2, width = panel.Width, groupInputs = _problem.GroupInputs;
        int first = panel.Block * BlockedLayout.Block, outputs = Math.Min(width, _problem.OutputChannels - first);
        nint length = (nint)groupInputs * Taps;
        double* factors = stackalloc double[WinogradPlan.PanelWidth];
        for (int i = 0; i < outputs; i++)
            factors[i] = weight.Factor(first + i);
        double* taps = stackalloc double[Taps * WinogradPlan.PanelWidth];
        double* columns = stackalloc double[extent * 3 * WinogradPlan.PanelWidth];
        new Span<double>(taps, Taps * width).Clear();
        float* rows = values.Rows(first, outputs);
        fixed (double* matrix = TTransform.WeightMatrix)
        {
            for (int channel = 0; channel < panel.Channels; channel++)
            {
                // The outputs of the channel's group; between other groups there are zeros, and behind the last output too.
                int group = (panel.FirstChannel + channel) / groupInputs, inGroup = panel.FirstChannel + channel - group * groupInputs;
                int from = Math.Max(0, group * _problem.GroupOutputs - first), to = Math.Min(outputs, (group + 1) * _problem.GroupOutputs - first);
                if (inGroup == 0 && channel > 0)
                    new Span<double>(taps, Taps * width).Clear();
                WeightPacking.GatherTaps(rows + from * length + inGroup * Taps, length, factors + from, to - from, taps + from, width);
                if (!TransformsLate)
                {
                    float* target = _store.Prepare(panel.WeightOffset + (long)channel * width, 0);
                    WeightPacking.TransformTaps(taps, matrix, extent, width, columns, target, (nint)panel.Channels * width);
                    continue;
                }

                long offset = panel.WeightOffset / _plan.Positions * Taps + (long)channel * Taps * width;
                float* rounded = _store.Prepare(offset, Taps * width);
                for (int i = 0; i < Taps * width; i++)
                    rounded[i] = (float)taps[i];
                _store.Write(offset, rounded, Taps * width);
            }
        }
    }

    /// <summary>The same in F32, for weights whose own rounding is coarser by far.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform<TLanes>(float* taps, int width, float* target, nint positionStep)
        where TLanes : struct, ILanes<TLanes>
    {
        int extent = TTransform.Outputs + 2;
        float* columns = stackalloc float[8 * 3 * BlockedLayout.Block];
        fixed (float* matrix = Matrix)
        {
            for (int lane = 0; lane < width; lane += TLanes.Count)
            {
                for (int row = 0; row < extent; row++)
                {
                    for (int s = 0; s < 3; s++)
                        Combine<TLanes>(matrix + 3 * row, taps + s * width + lane, 3 * width).Store(columns + (row * 3 + s) * TLanes.Count);
                }

                for (int row = 0; row < extent; row++)
                {
                    for (int column = 0; column < extent; column++)
                        Combine<TLanes>(matrix + 3 * column, columns + row * 3 * TLanes.Count, TLanes.Count).Store(target + (row * extent + column) * positionStep + lane);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Combine<TLanes>(float* factors, float* source, int step)
        where TLanes : struct, ILanes<TLanes> =>
        TLanes.MultiplyAdd(TLanes.Broadcast(factors[0]), TLanes.Load(source), TLanes.MultiplyAdd(
            TLanes.Broadcast(factors[1]), TLanes.Load(source + step), TLanes.Broadcast(factors[2]) * TLanes.Load(source + 2 * step)));
}
