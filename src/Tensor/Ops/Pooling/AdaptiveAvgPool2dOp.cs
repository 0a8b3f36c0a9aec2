namespace ResNeSt.Tensors;

/// <summary>Mean over bins that divide the image into a given number of rows and columns; bins may overlap by one.
/// Input: x [N,C,H,W]; output [N,C,Height,Width].</summary>
/// <param name="Height">Output rows.</param>
/// <param name="Width">Output columns.</param>
public sealed record AdaptiveAvgPool2dOp(int Height, int Width) : PrimitiveOp
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
        return [new TensorSpec([x[0], x[1], Height, Width], dtype)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var x = context.InputSpec(0).Shape;
        context.GiveGrad(0, OpDispatcher.Run(new AdaptiveAvgPool2dGradOp(x[2], x[3]), context.GradOutput())[0]);
    }

    /// <summary>The rows or columns [From, To) of one bin.</summary>
    /// <param name="index">Number of the bin along this axis.</param>
    /// <param name="bins">Output extent.</param>
    /// <param name="input">Extent of the image.</param>
    public static (int From, int To) Bin(int index, int bins, int input) =>
        ((int)((long)index * input / bins), (int)(((index + 1L) * input + bins - 1) / bins));
}

/// <summary>Calls of <see cref="AdaptiveAvgPool2dOp"/>.</summary>
public static class AdaptiveAvgPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>Mean over bins that divide the image into <paramref name="height"/> × <paramref name="width"/> parts.</summary>
        public Tensor AdaptiveAvgPool2d(int height, int width) => OpDispatcher.Run(new AdaptiveAvgPool2dOp(height, width), x)[0];

        /// <summary>Mean of every plane: [N,C,H,W] becomes [N,C], or [N,C,1,1] with <paramref name="keepAxes"/>.</summary>
        public Tensor GlobalAvgPool(bool keepAxes = false) => x.Sum([2, 3], keepAxes) * (1.0 / x.Shape.Product(2, 4));
    }
}
