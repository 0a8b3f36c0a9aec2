namespace ResNeSt.Tensors;

/// <summary>Where one output row or column of <see cref="InterpolateOp"/> comes from: (1 - HighWeight) · x[Low] + HighWeight · x[High].</summary>
/// <param name="Low">The sample before, or the only one.</param>
/// <param name="High">The sample behind; equal to <paramref name="Low"/> where there is none.</param>
/// <param name="HighWeight">Weight of the sample behind, in [0, 1].</param>
public readonly record struct InterpolationTap(int Low, int High, double HighWeight)
{
    /// <summary>The tap of one output row or column, as PyTorch computes it.</summary>
    /// <param name="mode">How values between samples are found.</param>
    /// <param name="alignCorners">Bilinear only: the first and last samples of input and output lie on each other.</param>
    /// <param name="scale">Output extent per input extent where it is not just their ratio; zero if it is.</param>
    /// <param name="index">The output row or column.</param>
    /// <param name="output">Output extent.</param>
    /// <param name="input">Input extent.</param>
    public static InterpolationTap At(InterpolationMode mode, bool alignCorners, double scale, int index, int output, int input)
    {
        // Equal extents copy and a doubling repeats, whatever the given factor was.
        if (output == input && mode is (InterpolationMode.Nearest or InterpolationMode.Bilinear))
            return new InterpolationTap(index, index, 0);
        if (output == 2 * input && mode == InterpolationMode.Nearest)
            return new InterpolationTap(index / 2, index / 2, 0);
        double step = scale > 0 ? 1 / scale : (double)input / output;
        switch (mode)
        {
            case InterpolationMode.Nearest:
                // In single precision as PyTorch does, so that whole-numbered positions round alike.
                return Only((int)MathF.Floor(index * (float)step), input);
            case InterpolationMode.NearestExact:
                return Only((int)MathF.Floor((index + 0.5f) * (float)step), input);
            case InterpolationMode.NearestPreferFloor:
                return Only((int)Math.Ceiling((index + 0.5) * step - 1), input);
        }

        double position = !alignCorners ? Math.Max(0, (index + 0.5) * step - 0.5)
            : output > 1 ? index * ((double)(input - 1) / (output - 1))
            : 0;
        int low = Math.Min((int)position, input - 1);
        return new InterpolationTap(low, Math.Min(low + 1, input - 1), Math.Clamp(position - low, 0, 1));
    }

    private static InterpolationTap Only(int sample, int input)
    {
        int inside = Math.Clamp(sample, 0, input - 1);
        return new InterpolationTap(inside, inside, 0);
    }
}
