using System.Numerics;
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
    private const int Taps = 9;

    private static readonly float[] Matrix = [.. TTransform.WeightMatrix.ToArray().Select(value => (float)value)];

    private readonly ConvProblem _problem;
    private readonly WinogradPlan _plan;
    private readonly PanelStore _store;

    public WinogradWeights(ConvProblem problem, WinogradPlan plan, GraphConstant weight)
    {
        (_problem, _plan) = (problem, plan);
        _store = new PanelStore(problem.WeightType, TransformsLate ? plan.WeightLength / plan.Positions * Taps : plan.WeightLength);
        using var values = new ConstantFloats(weight);
        ParallelRows.For(plan.Panels.Length, index => Pack(plan.Panels[index], weight, values.Pointer));
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

    private void Pack(WinogradPanel panel, GraphConstant weight, float* values)
    {
        int extent = TTransform.Outputs + 2, width = panel.Width;
        double* taps = stackalloc double[Taps * WinogradPlan.PanelWidth];
        double* columns = stackalloc double[extent * 3 * WinogradPlan.PanelWidth];
        double* results = stackalloc double[WinogradPlan.PanelWidth];
        Span<float> rounded = stackalloc float[Taps * WinogradPlan.PanelWidth];
        for (int channel = 0; channel < panel.Channels; channel++)
        {
            Gather(panel, panel.FirstChannel + channel, weight, values, taps);
            if (TransformsLate)
            {
                for (int i = 0; i < Taps * width; i++)
                    rounded[i] = (float)taps[i];
                _store.Write(panel.WeightOffset / _plan.Positions * Taps + (long)channel * Taps * width, rounded[..(Taps * width)]);
                continue;
            }

            for (int row = 0; row < extent; row++)
            {
                for (int s = 0; s < 3; s++)
                    Combine(TTransform.WeightMatrix.Slice(3 * row, 3), taps + s * width, 3 * width, columns + (row * 3 + s) * width, width);
            }

            for (int position = 0; position < _plan.Positions; position++)
            {
                Combine(TTransform.WeightMatrix.Slice(position % extent * 3, 3), columns + position / extent * 3 * width, width, results, width);
                for (int i = 0; i < width; i++)
                    rounded[i] = (float)results[i];
                _store.Write(panel.WeightOffset + ((long)position * panel.Channels + channel) * width, rounded[..width]);
            }
        }
    }

    /// <summary>The nine weights between one input channel and the outputs of a panel, output after output; zeros between groups and behind the last output.</summary>
    private void Gather(WinogradPanel panel, int channel, GraphConstant weight, float* values, double* taps)
    {
        int group = channel / _problem.GroupInputs;
        for (int i = 0; i < panel.Width; i++)
        {
            int output = panel.Block * BlockedLayout.Block + i;
            bool seen = output < _problem.OutputChannels && output / _problem.GroupOutputs == group;
            double factor = seen ? weight.Factor(output) : 0;
            nint from = seen ? ((nint)output * _problem.GroupInputs + channel - group * _problem.GroupInputs) * Taps : 0;
            for (int tap = 0; tap < Taps; tap++)
                taps[tap * panel.Width + i] = seen ? values[from + tap] * factor : 0;
        }
    }

    private static void Combine(ReadOnlySpan<double> factors, double* source, int step, double* target, int width)
    {
        Vector<double> a = new(factors[0]), b = new(factors[1]), c = new(factors[2]);
        for (int i = 0; i < width; i += Vector<double>.Count)
            (a * Vector.Load(source + i) + b * Vector.Load(source + step + i) + c * Vector.Load(source + 2 * step + i)).Store(target + i);
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
