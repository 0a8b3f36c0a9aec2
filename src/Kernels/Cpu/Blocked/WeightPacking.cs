using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The loops that bring weights into the order of their use.</summary>
/// <remarks>They run while a program starts, so they are few, without type parameters, and optimised at once: a loop that is first compiled without
/// optimisation is ten times slower until it has run long enough. All arithmetic is in double precision and rounded once.</remarks>
internal static unsafe class WeightPacking
{
    /// <summary>Taps of the kernels that <see cref="TransformTaps"/> transforms.</summary>
    public const int Taps = 9;

    // So many rows of the target stay in the first-level cache until all their columns are written.
    private const int Strip = 128;

    /// <summary>Transposes and scales: target[places[s]·width + j] = rows[j, s] · factors[j]; columns behind the last row become zero.</summary>
    /// <param name="rows">[<paramref name="members"/>, <paramref name="length"/>].</param>
    /// <param name="length">Length of a row.</param>
    /// <param name="factors">One factor for each row.</param>
    /// <param name="members">Number of rows, at most <paramref name="width"/>.</param>
    /// <param name="places">Where each element of a row goes.</param>
    /// <param name="target">[<paramref name="length"/>, <paramref name="width"/>].</param>
    /// <param name="width">Columns of the target.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* rows, int length, double* factors, int members, int* places, float* target, int width)
    {
        for (int strip = 0; strip < length; strip += Strip)
        {
            int end = Math.Min(length, strip + Strip);
            for (int j = 0; j < width; j += 4)
            {
                float* column = target + j;
                if (j + 4 > members)
                {
                    // Panels of single lanes are narrower than four.
                    int columns = Math.Min(4, width - j);
                    for (int s = strip; s < end; s++)
                    {
                        for (int i = 0; i < columns; i++)
                            column[(nint)places[s] * width + i] = j + i < members ? (float)(rows[(nint)(j + i) * length + s] * factors[j + i]) : 0;
                    }

                    continue;
                }

                float* a = rows + (nint)j * length, b = a + length, c = b + length, d = c + length;
                Vector128<double> lower = Vector128.Load(factors + j), upper = Vector128.Load(factors + j + 2);
                for (int s = strip; s < end; s++)
                {
                    var (first, second) = Vector128.Widen(Vector128.Create(a[s], b[s], c[s], d[s]));
                    Vector128.Narrow(first * lower, second * upper).Store(column + (nint)places[s] * width);
                }
            }
        }
    }

    /// <summary>Transforms the 3×3 kernels between one input channel and some outputs: G g Gᵀ.</summary>
    /// <param name="taps">[9, <paramref name="width"/>].</param>
    /// <param name="matrix">G, [<paramref name="extent"/>, 3].</param>
    /// <param name="extent">Rows and columns of the result.</param>
    /// <param name="width">Outputs, a multiple of four.</param>
    /// <param name="columns">Working memory [<paramref name="extent"/>, 3, <paramref name="width"/>].</param>
    /// <param name="target">Results of the first position.</param>
    /// <param name="positionStep">Floats from one position to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformTaps(double* taps, double* matrix, int extent, int width, double* columns, float* target, nint positionStep)
    {
        for (int row = 0; row < extent; row++)
        {
            double* g = matrix + 3 * row;
            Vector256<double> a = Vector256.Create(g[0]), b = Vector256.Create(g[1]), c = Vector256.Create(g[2]);
            // Three taps of a row are side by side, and so are the results.
            double* source = taps, to = columns + 3 * row * width;
            for (int i = 0; i < 3 * width; i += 4)
                (a * Vector256.Load(source + i) + b * Vector256.Load(source + 3 * width + i) + c * Vector256.Load(source + 6 * width + i)).Store(to + i);
        }

        for (int row = 0; row < extent; row++)
        {
            double* source = columns + 3 * row * width;
            for (int column = 0; column < extent; column++, target += positionStep)
            {
                double* g = matrix + 3 * column;
                Vector256<double> a = Vector256.Create(g[0]), b = Vector256.Create(g[1]), c = Vector256.Create(g[2]);
                for (int i = 0; i < width; i += 4)
                {
                    var sum = a * Vector256.Load(source + i) + b * Vector256.Load(source + width + i) + c * Vector256.Load(source + 2 * width + i);
                    Vector128.Narrow(sum.GetLower(), sum.GetUpper()).Store(target + i);
                }
            }
        }
    }

    /// <summary>Transforms one row of three taps between one input channel and some outputs: G g.</summary>
    /// <param name="taps">[3, <paramref name="tapStep"/>].</param>
    /// <param name="tapStep">Numbers from one tap to the next.</param>
    /// <param name="matrix">G, [<paramref name="positions"/>, 3].</param>
    /// <param name="positions">Rows of G.</param>
    /// <param name="width">Outputs.</param>
    /// <param name="target">Results of the first position.</param>
    /// <param name="positionStep">Floats from one position to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformRow(double* taps, int tapStep, double* matrix, int positions, int width, float* target, nint positionStep)
    {
        for (int position = 0; position < positions; position++, target += positionStep)
        {
            double* g = matrix + 3 * position;
            Vector256<double> a = Vector256.Create(g[0]), b = Vector256.Create(g[1]), c = Vector256.Create(g[2]);
            int i = 0;
            for (; i + 4 <= width; i += 4)
            {
                var sum = a * Vector256.Load(taps + i) + b * Vector256.Load(taps + tapStep + i) + c * Vector256.Load(taps + 2 * tapStep + i);
                Vector128.Narrow(sum.GetLower(), sum.GetUpper()).Store(target + i);
            }

            // Panels of single lanes are narrower than four.
            for (; i < width; i++)
                target[i] = (float)(g[0] * taps[i] + g[1] * taps[tapStep + i] + g[2] * taps[2 * tapStep + i]);
        }
    }

    /// <summary>The nine weights between one input channel and some outputs in double precision: target[tap, i] = rows[i, first + tap] · factors[i].</summary>
    /// <param name="rows">The kernel of the first output.</param>
    /// <param name="length">Floats from one output to the next.</param>
    /// <param name="factors">One factor for each output.</param>
    /// <param name="members">Number of outputs.</param>
    /// <param name="target">[9, <paramref name="width"/>].</param>
    /// <param name="width">Outputs with those behind the last one.</param>
    public static void GatherTaps(float* rows, nint length, double* factors, int members, double* target, int width)
    {
        for (int i = 0; i < members; i++, rows += length)
        {
            double factor = factors[i];
            for (int tap = 0; tap < Taps; tap++)
                target[tap * width + i] = rows[tap] * factor;
        }
    }
}
