using ResNeSt.Tensors;

namespace ResNeSt.Conformance.Cases;

/// <summary>Resampling: up and down, by extents and by factors, corners aligned or not, from and to one pixel.</summary>
public static class InterpolationCases
{
    /// <summary>Every case.</summary>
    public static IEnumerable<OpCase> All => Forward.Concat(Forward.Select(Gradient));

    private static IEnumerable<OpCase> Forward
    {
        get
        {
            foreach (var mode in Enum.GetValues<InterpolationMode>())
            {
                yield return new OpCase($"{mode} up", new InterpolateOp(mode, 11, 9), [2, 3, 5, 4]) { Terms = 4 };
                yield return new OpCase($"{mode} down", new InterpolateOp(mode, 3, 5), [1, 2, 7, 37]) { Terms = 4 };
                yield return new OpCase($"{mode} double", new InterpolateOp(mode, 8, 10, ScaleHeight: 2, ScaleWidth: 2), [1, 3, 4, 5]) { Terms = 4 };
                yield return new OpCase($"{mode} by 1.7", new InterpolateOp(mode, 6, 8, ScaleHeight: 1.7, ScaleWidth: 1.7), [1, 2, 4, 5]) { Terms = 4 };
                yield return new OpCase($"{mode} by 0.6", new InterpolateOp(mode, 2, 4, ScaleHeight: 0.6, ScaleWidth: 0.6), [1, 2, 4, 7]) { Terms = 4 };
                yield return new OpCase($"{mode} of one pixel", new InterpolateOp(mode, 3, 4), [1, 2, 1, 1]) { Terms = 4 };
                yield return new OpCase($"{mode} to one pixel", new InterpolateOp(mode, 1, 1), [1, 2, 5, 6]) { Terms = 4 };
                yield return new OpCase($"{mode} empty batch", new InterpolateOp(mode, 3, 3), [0, 2, 2, 2]);
            }

            yield return new OpCase("corners aligned, up", new InterpolateOp(InterpolationMode.Bilinear, 9, 35, true), [1, 2, 4, 17]) { Terms = 4 };
            yield return new OpCase("corners aligned, to one pixel", new InterpolateOp(InterpolationMode.Bilinear, 1, 1, true), [1, 2, 4, 3]) { Terms = 4 };
        }
    }

    private static OpCase Gradient(OpCase forward)
    {
        var op = (InterpolateOp)forward.Op;
        var x = forward.Inputs[0].Shape;
        return new OpCase(forward.Name, new InterpolateGradOp(op.Mode, x[2], x[3], op.AlignCorners, op.ScaleHeight, op.ScaleWidth), [x[0], x[1], op.Height, op.Width])
        {
            Terms = Math.Max(1, op.Height * op.Width),
        };
    }
}
