using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The taps of all outputs along one axis.</summary>
internal sealed class InterpolationTable
{
    /// <summary>Computes the table; arguments as of <see cref="InterpolationTap.At"/>.</summary>
    public InterpolationTable(InterpolationMode mode, bool alignCorners, double scale, int output, int input)
    {
        (Low, High, Weight) = (new int[output], new int[output], new float[output]);
        for (int i = 0; i < output; i++)
        {
            (Low[i], High[i], double weight) = InterpolationTap.At(mode, alignCorners, scale, i, output, input);
            Weight[i] = (float)weight;
        }
    }

    /// <summary>The sample before each output.</summary>
    public int[] Low { get; }

    /// <summary>The sample behind it.</summary>
    public int[] High { get; }

    /// <summary>Weight of the sample behind.</summary>
    public float[] Weight { get; }
}
