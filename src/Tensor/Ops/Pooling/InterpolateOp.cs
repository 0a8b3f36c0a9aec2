namespace ResNeSt.Tensors;

/// <summary>Resamples an image to other extents, without smoothing. Input: x [N,C,H,W]; output [N,C,Height,Width].</summary>
/// <param name="Mode">How values between samples are found.</param>
/// <param name="Height">Output rows.</param>
/// <param name="Width">Output columns.</param>
/// <param name="AlignCorners">Bilinear only: the corner samples of input and output lie on each other.</param>
/// <param name="ScaleHeight">Output rows per input row where positions follow a given factor; zero for the ratio of the extents.</param>
/// <param name="ScaleWidth">The same for columns.</param>
public sealed record InterpolateOp(
    InterpolationMode Mode, int Height, int Width, bool AlignCorners = false, double ScaleHeight = 0, double ScaleWidth = 0) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        var x = inputs[0].Shape;
        if (Height < 1 || Width < 1)
            throw Error($"output extents {Height}×{Width} must be positive", inputs);
        if (x[2] < 1 || x[3] < 1)
            throw Error("the image is empty", inputs);
        if (!(ScaleHeight >= 0) || !(ScaleWidth >= 0))
            throw Error($"scales {ScaleHeight} and {ScaleWidth} must be positive, or zero for none", inputs);
        if (AlignCorners && Mode != InterpolationMode.Bilinear)
            throw Error($"corners are aligned in bilinear mode only, not in {Mode}", inputs);
        return [new TensorSpec([x[0], x[1], Height, Width], dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, Mode == InterpolationMode.Bilinear ? 6L * outputs[0].ElementCount : 0);
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var x = context.InputSpec(0).Shape;
        var op = new InterpolateGradOp(Mode, x[2], x[3], AlignCorners, ScaleHeight, ScaleWidth);
        context.GiveGrad(0, OpDispatcher.Run(op, context.GradOutput())[0]);
    }
}

/// <summary>Calls of <see cref="InterpolateOp"/>.</summary>
public static class InterpolateExtensions
{
    extension(Tensor x)
    {
        /// <summary>Resamples to <paramref name="height"/> × <paramref name="width"/>.</summary>
        /// <param name="mode">How values between samples are found.</param>
        /// <param name="height">Output rows.</param>
        /// <param name="width">Output columns.</param>
        /// <param name="alignCorners">Bilinear only: the corner samples lie on each other.</param>
        public Tensor Interpolate(InterpolationMode mode, int height, int width, bool alignCorners = false) =>
            OpDispatcher.Run(new InterpolateOp(mode, height, width, alignCorners), x)[0];

        /// <summary>Resamples by a factor in both directions; extents are rounded down, positions follow the factor itself.</summary>
        /// <param name="mode">How values between samples are found.</param>
        /// <param name="scale">Output pixels per input pixel.</param>
        /// <param name="alignCorners">Bilinear only: the corner samples lie on each other.</param>
        public Tensor Interpolate(InterpolationMode mode, double scale, bool alignCorners = false)
        {
            int height = (int)Math.Floor(x.Shape[2] * scale), width = (int)Math.Floor(x.Shape[3] * scale);
            return OpDispatcher.Run(new InterpolateOp(mode, height, width, alignCorners, scale, scale), x)[0];
        }
    }
}
