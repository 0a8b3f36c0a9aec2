using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>What one run of a case gave, on the host.</summary>
/// <param name="Outputs">Values of every output.</param>
/// <param name="Specs">Their specs.</param>
/// <param name="Gradients">Gradient of every input, null where none was asked for.</param>
/// <param name="InputsAfter">Values of every input after the run.</param>
public sealed record CaseRun(double[][] Outputs, TensorSpec[] Specs, double[]?[] Gradients, double[][] InputsAfter)
{
    /// <summary>The values that a case's inputs take in a type, as doubles: rounded to it once, so that every device starts from the same numbers.</summary>
    public static double[][] InputValues(OpCase opCase, DType dtype)
    {
        var specs = opCase.Specs(dtype);
        var values = new double[specs.Length][];
        for (int i = 0; i < specs.Length; i++)
            values[i] = Round(opCase.Inputs[i].Generate(Seed(opCase.ToString()) + (ulong)i), specs[i].DType);
        return values;
    }

    /// <summary>Runs a case, in its own scope.</summary>
    /// <param name="opCase">What to run.</param>
    /// <param name="device">Where.</param>
    /// <param name="dtype">Type of the floating-point inputs.</param>
    /// <param name="inputs">Values of the inputs.</param>
    /// <param name="withGradients">Also differentiate, with a random upstream gradient.</param>
    /// <param name="onlyInput">Differentiate with respect to this input alone; negative for all.</param>
    public static CaseRun On(Device device, OpCase opCase, DType dtype, double[][] inputs, bool withGradients = false, int onlyInput = -1)
    {
        using var scope = new TensorScope();
        var specs = opCase.Specs(dtype);
        var tensors = new Tensor[specs.Length];
        var leaves = new List<Tensor>();
        var leafIndices = new List<int>();
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = Tensor.FromDoubles(inputs[i], specs[i], device);
            if (!withGradients || !opCase.Inputs[i].Differentiate || !specs[i].DType.IsFloatingPoint || (onlyInput >= 0 && i != onlyInput))
                continue;
            tensors[i].RequiresGrad = true;
            leaves.Add(tensors[i]);
            leafIndices.Add(i);
        }

        var outputs = OpDispatcher.Run(opCase.Op, tensors);
        var values = Array.ConvertAll(outputs, output => output.ToDoubles());
        var outputSpecs = Array.ConvertAll(outputs, output => output.Spec);
        var gradients = new double[]?[tensors.Length];
        if (withGradients)
        {
            var cotangents = new Tensor?[outputs.Length];
            for (int i = 0; i < outputs.Length; i++)
            {
                if (!outputs[i].IsLeaf)
                    cotangents[i] = Tensor.FromDoubles(Cotangent(opCase, i, outputSpecs[i]), outputSpecs[i], device);
            }

            var results = Backpropagation.Gradients(outputs, cotangents, leaves.ToArray());
            for (int k = 0; k < results.Length; k++)
                gradients[leafIndices[k]] = results[k]?.ToDoubles() ?? new double[specs[leafIndices[k]].ElementCount];
        }

        return new CaseRun(values, outputSpecs, gradients, Array.ConvertAll(tensors, tensor => tensor.ToDoubles()));
    }

    /// <summary>The upstream gradient of an output: uniform in (-1, 1), the same in every run.</summary>
    public static double[] Cotangent(OpCase opCase, int output, TensorSpec spec) =>
        Round(new OpInput(spec.Shape).Generate(Seed(opCase.ToString()) + 1000 + (ulong)output), spec.DType == DType.F64 ? DType.F32 : spec.DType);

    /// <summary>Whether a case has anything to differentiate: a floating-point input that asks for it and an output that a gradient can flow through.</summary>
    public static bool IsDifferentiable(OpCase opCase)
    {
        if (opCase.Op is InPlaceOp)
            return false;
        var specs = opCase.Specs(DType.F64);
        var outputs = opCase.Op.Infer(specs);
        return opCase.Inputs.Any(input => input.Differentiate && input.DType.IsFloatingPoint)
            && Enumerable.Range(0, outputs.Length).Any(i => opCase.Op.IsDifferentiable(i) && outputs[i].DType.IsFloatingPoint);
    }

    private static double[] Round(double[] values, DType dtype)
    {
        var bytes = new byte[values.Length * dtype.ByteSize];
        ElementConversion.FromDoubles(values, dtype, bytes);
        var rounded = new double[values.Length];
        ElementConversion.ToDoubles(bytes, dtype, rounded);
        return rounded;
    }

    /// <summary>64-bit FNV-1a of a case's name: stable from run to run, as string.GetHashCode is not.</summary>
    private static ulong Seed(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in name)
            hash = (hash ^ c) * 1099511628211;
        return hash;
    }
}
