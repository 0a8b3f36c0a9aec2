namespace ResNeSt.Tensors.Graphs;

/// <summary>A value that is known before a graph runs: a tensor, of which each slice along the first axis may be multiplied by a factor.</summary>
/// <remarks>The factors are how batch norm vanishes into a convolution without a second copy of the weights: whoever packs them applies them.</remarks>
public sealed class GraphConstant
{
    private readonly double[]? _factors;

    /// <param name="tensor">The values, on any device with values. It must stay alive and unchanged until the graph was compiled.</param>
    /// <param name="factors">A factor for each index of the first axis, or null for none.</param>
    public GraphConstant(Tensor tensor, double[]? factors = null)
    {
        if (factors is not null && (tensor.Shape.Rank == 0 || factors.Length != tensor.Shape[0]))
            throw new ArgumentException($"constant {tensor.Spec}: {factors.Length} factors do not fit its first axis", nameof(factors));
        (Tensor, _factors) = (tensor, factors);
    }

    /// <summary>The values before scaling.</summary>
    public Tensor Tensor { get; }

    /// <summary>True if the slices are scaled.</summary>
    public bool IsScaled => _factors is not null;

    /// <summary>Factor of one index of the first axis.</summary>
    public double Factor(int index) => _factors is null ? 1 : _factors[index];

    /// <summary>The same values with further factors, multiplied to those there are.</summary>
    public GraphConstant Times(ReadOnlySpan<double> factors)
    {
        var product = factors.ToArray();
        for (int i = 0; _factors is not null && i < product.Length; i++)
            product[i] *= _factors[i];
        return new GraphConstant(Tensor, product);
    }

    /// <summary>The scaled values in double precision, row-major.</summary>
    public double[] ToDoubles()
    {
        var values = Tensor.ToDoubles();
        if (_factors is null || values.Length == 0)
            return values;
        int slice = values.Length / _factors.Length;
        for (int i = 0; i < values.Length; i++)
            values[i] *= _factors[i / slice];
        return values;
    }
}
