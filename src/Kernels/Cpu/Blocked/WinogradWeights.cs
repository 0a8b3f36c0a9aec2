using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Weights of a 3×3 convolution as Winograd's algorithm multiplies with them: G g Gᵀ in double precision, rounded once, in the order in which they are read.</summary>
internal static unsafe class WinogradWeights
{
    private const int Taps = 9;

    /// <summary>Transforms weight [K,C/groups,3,3] into the panels of a plan: [panel][position][input channel][output channel].</summary>
    public static void Pack<TTransform>(ConvProblem problem, WinogradPlan plan, GraphConstant weight, float* target)
        where TTransform : struct, IWinogradTransform
    {
        var values = weight.ToDoubles();
        ParallelRows.For(plan.Panels.Length, index =>
        {
            var panel = plan.Panels[index];
            int extent = TTransform.Outputs + 2;
            double* taps = stackalloc double[Taps * WinogradPlan.PanelWidth];
            double* columns = stackalloc double[extent * 3 * WinogradPlan.PanelWidth];
            for (int channel = 0; channel < panel.Channels; channel++)
            {
                Gather(problem, panel, panel.FirstChannel + channel, values, taps);
                Transform<TTransform>(taps, columns, panel.Width, target + panel.WeightOffset + (long)channel * panel.Width, (nint)panel.Channels * panel.Width);
            }
        });
    }

    /// <summary>The nine weights between one input channel and the outputs of a panel, output after output; zeros between groups and behind the last output.</summary>
    private static void Gather(ConvProblem problem, WinogradPanel panel, int channel, double[] values, double* taps)
    {
        int group = channel / problem.GroupInputs;
        for (int i = 0; i < panel.Width; i++)
        {
            int output = panel.Block * BlockedLayout.Block + i;
            bool seen = output < problem.OutputChannels && output / problem.GroupOutputs == group;
            long from = ((long)output * problem.GroupInputs + channel - group * problem.GroupInputs) * Taps;
            for (int tap = 0; tap < Taps; tap++)
                taps[tap * panel.Width + i] = seen ? values[from + tap] : 0;
        }
    }

    private static void Transform<TTransform>(double* taps, double* columns, int width, float* target, nint positionStep)
        where TTransform : struct, IWinogradTransform
    {
        int extent = TTransform.Outputs + 2;
        var matrix = TTransform.WeightMatrix;
        for (int row = 0; row < extent; row++)
        {
            for (int s = 0; s < 3; s++)
                Combine(matrix.Slice(3 * row, 3), taps + s * width, 3 * width, columns + (row * 3 + s) * width, width);
        }

        double* results = stackalloc double[WinogradPlan.PanelWidth];
        for (int row = 0; row < extent; row++)
        {
            for (int column = 0; column < extent; column++)
            {
                Combine(matrix.Slice(3 * column, 3), columns + row * 3 * width, width, results, width);
                float* u = target + (row * extent + column) * positionStep;
                for (int i = 0; i < width; i++)
                    u[i] = (float)results[i];
            }
        }
    }

    private static void Combine(ReadOnlySpan<double> factors, double* source, int step, double* target, int width)
    {
        double a = factors[0], b = factors[1], c = factors[2];
        for (int i = 0; i < width; i += System.Numerics.Vector<double>.Count)
        {
            var x = System.Numerics.Vector.Load(source + i);
            var y = System.Numerics.Vector.Load(source + step + i);
            var z = System.Numerics.Vector.Load(source + 2 * step + i);
            System.Numerics.Vector.Store(x * a + y * b + z * c, target + i);
        }
    }
}
