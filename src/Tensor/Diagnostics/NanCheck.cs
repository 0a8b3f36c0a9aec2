namespace ResNeSt.Tensors;

/// <summary>Finds the operator that first makes a NaN out of numbers; switched by <see cref="EngineSettings.CheckNan"/>.</summary>
internal static class NanCheck
{
    public static void Verify(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        foreach (var input in inputs)
        {
            if (HasNan(input))
                return;
        }

        foreach (var output in outputs)
        {
            if (HasNan(output))
                throw new ArithmeticException($"{op.Name}: finite inputs gave NaN (output {output.Spec})");
        }
    }

    private static bool HasNan(Tensor tensor)
    {
        if (!tensor.DType.IsFloatingPoint)
            return false;
        foreach (double value in tensor.ToDoubles())
        {
            if (double.IsNaN(value))
                return true;
        }

        return false;
    }
}
