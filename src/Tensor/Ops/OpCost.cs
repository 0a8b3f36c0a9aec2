namespace ResNeSt.Tensors;

/// <summary>The least work an operator can cost: the floor that a benchmark compares with.</summary>
/// <param name="Flops">Floating-point operations; a multiply-add counts two.</param>
/// <param name="BytesRead">Bytes that must be read at least once.</param>
/// <param name="BytesWritten">Bytes that must be written at least once.</param>
public readonly record struct OpCost(long Flops, long BytesRead, long BytesWritten)
{
    /// <summary>Every input read once, every output written once.</summary>
    /// <param name="inputs">Input specs.</param>
    /// <param name="outputs">Output specs.</param>
    /// <param name="flops">Floating-point operations in all.</param>
    public static OpCost Streaming(ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs, long flops)
    {
        long read = 0, written = 0;
        foreach (var input in inputs)
            read += input.ByteLength;
        foreach (var output in outputs)
            written += output.ByteLength;
        return new OpCost(flops, read, written);
    }

    /// <summary>The sum of two costs.</summary>
    public static OpCost operator +(OpCost left, OpCost right) =>
        new(left.Flops + right.Flops, left.BytesRead + right.BytesRead, left.BytesWritten + right.BytesWritten);
}
