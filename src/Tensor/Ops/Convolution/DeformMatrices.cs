namespace ResNeSt.Tensors;

/// <summary>The sampling of a deformable convolution as matrices, for the definitions: row p of <see cref="Rows"/> holds how much of each
/// picture row position p takes, and <see cref="Columns"/> the same for columns. A bilinear sample is Σ_h Σ_w Rows[p,h] · Columns[p,w] · x[h,w];
/// outside of the picture there is nothing to take, so samples fade to zero there.</summary>
internal readonly struct DeformMatrices
{
    private readonly Shape _samples;

    public DeformMatrices(DeformSampling sampling, Tensor offset, int height, int width)
    {
        int n = offset.Shape[0], groups = sampling.OffsetGroups, taps = sampling.Taps, positions = offset.Shape[2] * offset.Shape[3];
        _samples = [n, groups, taps * positions, 1];
        var pairs = offset.Reshape([n, groups, taps, 2, positions]);
        var (rows, columns) = Corners(sampling, offset.Shape[2], offset.Shape[3]);
        (Rows, RowSlopes) = Axis(pairs.Slice(3, 0, 1).Reshape(_samples), rows, height);
        (Columns, ColumnSlopes) = Axis(pairs.Slice(3, 1, 1).Reshape(_samples), columns, width);
    }

    /// <summary>[N, G, taps·positions, H].</summary>
    public Tensor Rows { get; }

    /// <summary>[N, G, taps·positions, W].</summary>
    public Tensor Columns { get; }

    /// <summary>The derivative of <see cref="Rows"/> by the row.</summary>
    public Tensor RowSlopes { get; }

    /// <summary>The derivative of <see cref="Columns"/> by the column.</summary>
    public Tensor ColumnSlopes { get; }

    /// <summary>[N, G, taps·positions, H·W]: both axes at once.</summary>
    public Tensor Whole()
    {
        int height = Rows.Shape[3], width = Columns.Shape[3];
        var product = Rows.Reshape([_samples[0], _samples[1], _samples[2], height, 1]) * Columns.Reshape([_samples[0], _samples[1], _samples[2], 1, width]);
        return product.Reshape([_samples[0], _samples[1], _samples[2], height * width]);
    }

    /// <summary>The two samples around each position, by what is left to the lower one. On a sample itself the slope is that towards the next.</summary>
    private static (Tensor Weights, Tensor Slopes) Axis(Tensor offset, double[] corners, int extent)
    {
        Tensor Constant(double[] values, Shape shape) => Tensor.FromDoubles(values, new TensorSpec(shape, offset.DType), offset.Device);
        var floor = offset.Floor();
        var share = offset - floor;
        var low = floor + Constant(corners, [corners.Length, 1]);
        var line = Constant([.. Enumerable.Range(0, extent).Select(position => (double)position)], [extent]);
        Tensor atLow = low.Equal(line), atHigh = (low + 1).Equal(line);
        return (atLow * (1 - share) + atHigh * share, atHigh - atLow);
    }

    /// <summary>Row and column of every tap of every window if nothing moves it.</summary>
    private static (double[] Rows, double[] Columns) Corners(DeformSampling sampling, int height, int width)
    {
        var rows = new double[sampling.Taps * height * width];
        var columns = new double[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            var (row, column) = sampling.Corner(i / (height * width));
            rows[i] = row + i / width % height * sampling.Geometry.StrideH;
            columns[i] = column + i % width * sampling.Geometry.StrideW;
        }

        return (rows, columns);
    }
}
