namespace ResNeSt.Tensors.Reference;

/// <summary>A dense row-major array of doubles with its shape.</summary>
internal sealed class ReferenceArray(Shape shape)
{
    public Shape Shape { get; } = shape;

    public double[] Data { get; } = new double[shape.ElementCount];

    /// <summary>Row-major strides in elements; zero along axes of extent one if <paramref name="broadcast"/>, aligned to <paramref name="rank"/> axes.</summary>
    public int[] Strides(int rank, bool broadcast = false)
    {
        var strides = new int[rank];
        int stride = 1;
        for (int axis = Shape.Rank - 1; axis >= 0; axis--)
        {
            strides[rank - Shape.Rank + axis] = broadcast && Shape[axis] == 1 ? 0 : stride;
            stride *= Shape[axis];
        }

        return strides;
    }
}
