using System.Globalization;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>Compares an operator's gradients with central differences, in double precision on the reference backend.</summary>
/// <remarks>Few inputs: every element by itself. Many: some elements by themselves and the derivatives along random directions,
/// in which each element takes part.</remarks>
public static class GradientCheck
{
    private const double Step = 1e-5;
    private const double Bound = 2e-6;
    private const int MostElements = 24;
    private const int Directions = 3;

    /// <summary>One line for each input whose gradient is wrong.</summary>
    public static IEnumerable<string> Failures(OpCase opCase)
    {
        var values = CaseRun.InputValues(opCase, DType.F64);
        var run = CaseRun.On(Device.Reference, opCase, DType.F64, values, withGradients: true);
        var cotangents = new double[run.Outputs.Length][];
        for (int i = 0; i < cotangents.Length; i++)
        {
            bool flows = opCase.Op.IsDifferentiable(i) && run.Specs[i].DType.IsFloatingPoint;
            cotangents[i] = flows ? CaseRun.Cotangent(opCase, i, run.Specs[i]) : [];
        }

        for (int input = 0; input < values.Length; input++)
        {
            if (run.Gradients[input] is not { Length: > 0 } gradient)
                continue;
            var generator = new Generator((ulong)input + 1);
            string? failure = null;
            foreach (var direction in DirectionsOf(gradient.Length, generator))
            {
                double expected = Derivative(opCase, values, input, direction, cotangents);
                double actual = 0, size = 1;
                foreach (var (index, weight) in direction)
                {
                    actual += gradient[index] * weight;
                    size = Math.Max(size, Math.Abs(gradient[index]));
                }

                // A sum over n random signs is about sqrt(n) as large as its terms, and so is its rounding error.
                double bound = Bound * size * Math.Sqrt(direction.Count) + Bound * Math.Abs(expected);
                if (!(Math.Abs(actual - expected) <= bound))
                {
                    failure ??= string.Create(CultureInfo.InvariantCulture,
                        $"gradient of input {input} along {(direction.Count == 1 ? $"element {direction[0].Index}" : $"{direction.Count} elements")}: {actual:G9}, by differences {expected:G9}, allowed {bound:E1}");
                }
            }

            if (failure is not null)
                yield return failure;
        }
    }

    private static IEnumerable<List<(int Index, double Weight)>> DirectionsOf(int count, Generator generator)
    {
        if (count <= MostElements)
        {
            for (int i = 0; i < count; i++)
                yield return [(i, 1)];
            yield break;
        }

        for (int k = 0; k < MostElements / 2; k++)
            yield return [(generator.NextInt(count), 1)];
        for (int k = 0; k < Directions; k++)
            yield return [.. Enumerable.Range(0, count).Select(i => (i, generator.NextInt(2) * 2.0 - 1))];
    }

    private static double Derivative(OpCase opCase, double[][] values, int input, List<(int Index, double Weight)> direction, double[][] cotangents)
    {
        // Along many elements at once a shorter step keeps the change of the outputs, and with it the curvature, the same.
        double step = Step / Math.Sqrt(direction.Count);
        double Loss(double offset)
        {
            var moved = (double[][])values.Clone();
            moved[input] = (double[])values[input].Clone();
            foreach (var (index, weight) in direction)
                moved[input][index] += offset * weight;
            var run = CaseRun.On(Device.Reference, opCase, DType.F64, moved);
            double loss = 0;
            for (int i = 0; i < cotangents.Length; i++)
            {
                for (int j = 0; j < cotangents[i].Length; j++)
                    loss += cotangents[i][j] * run.Outputs[i][j];
            }

            return loss;
        }

        return (Loss(step) - Loss(-step)) / (2 * step);
    }
}
