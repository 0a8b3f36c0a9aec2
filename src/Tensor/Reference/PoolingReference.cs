namespace ResNeSt.Tensors.Reference;

internal sealed class MaxPool2dReference : ReferenceKernel<MaxPool2dOp>
{
    protected override void Compute(MaxPool2dOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var g = op.Geometry;
        var (x, y, indices) = (inputs[0], outputs[0], outputs[1]);
        int height = x.Shape[2], width = x.Shape[3];
        for (int i = 0; i < y.Data.Length; i++)
        {
            int plane = i / y.Shape.Product(2, 4) * height * width;
            int top = i / y.Shape[3] % y.Shape[2] * g.StrideH - g.PadTop, left = i % y.Shape[3] * g.StrideW - g.PadLeft;
            double best = double.NegativeInfinity;
            int chosen = -1;
            for (int r = top; r < top + g.KernelH * g.DilationH; r += g.DilationH)
            {
                for (int c = left; c < left + g.KernelW * g.DilationW; c += g.DilationW)
                {
                    if ((uint)r >= (uint)height || (uint)c >= (uint)width)
                        continue;
                    double value = x.Data[plane + r * width + c];
                    if (chosen >= 0 && !(value > best) && !double.IsNaN(value))
                        continue;
                    best = value;
                    chosen = r * width + c;
                }
            }

            y.Data[i] = best;
            indices.Data[i] = chosen;
        }
    }
}

internal sealed class MaxPool2dGradReference : ReferenceKernel<MaxPool2dGradOp>
{
    protected override void Compute(MaxPool2dGradOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var (dy, indices, dx) = (inputs[0], inputs[1], outputs[0]);
        int outputPlane = dy.Shape.Product(2, 4), inputPlane = dx.Shape.Product(2, 4);
        for (int i = 0; i < dy.Data.Length; i++)
        {
            if (indices.Data[i] >= 0)
                dx.Data[i / outputPlane * inputPlane + (int)indices.Data[i]] += dy.Data[i];
        }
    }
}

internal sealed class AvgPool2dReference : ReferenceKernel<AvgPool2dOp>
{
    protected override void Compute(AvgPool2dOp op, ReferenceArray[] inputs, ReferenceArray[] outputs) => Visit(
        op.Geometry, op.CountPadding, op.DivisorOverride, inputs[0].Shape, outputs[0].Shape,
        (output, input, divisor) => outputs[0].Data[output] += inputs[0].Data[input] / divisor);

    /// <summary>Visits every pair of an output element and an input element under its window, with the number that the sum is divided by.</summary>
    public static void Visit(PoolGeometry g, bool countPadding, int divisorOverride, Shape x, Shape y, Action<int, int, int> visit)
    {
        for (int i = 0; i < y.ElementCount; i++)
        {
            int plane = i / y.Product(2, 4) * x.Product(2, 4);
            var rows = AvgPool2dOp.Window(i / y[3] % y[2], x[2], g.KernelH, g.StrideH, g.PadTop, g.PadBottom);
            var columns = AvgPool2dOp.Window(i % y[3], x[3], g.KernelW, g.StrideW, g.PadLeft, g.PadRight);
            int divisor = divisorOverride != 0 ? divisorOverride
                : countPadding ? rows.Padded * columns.Padded
                : (rows.To - rows.From) * (columns.To - columns.From);
            for (int r = rows.From; r < rows.To; r++)
            {
                for (int c = columns.From; c < columns.To; c++)
                    visit(i, plane + r * x[3] + c, divisor);
            }
        }
    }
}

internal sealed class AvgPool2dGradReference : ReferenceKernel<AvgPool2dGradOp>
{
    protected override void Compute(AvgPool2dGradOp op, ReferenceArray[] inputs, ReferenceArray[] outputs) => AvgPool2dReference.Visit(
        op.Geometry, op.CountPadding, op.DivisorOverride, outputs[0].Shape, inputs[0].Shape,
        (output, input, divisor) => outputs[0].Data[input] += inputs[0].Data[output] / divisor);
}

internal sealed class AdaptiveAvgPool2dReference : ReferenceKernel<AdaptiveAvgPool2dOp>
{
    protected override void Compute(AdaptiveAvgPool2dOp op, ReferenceArray[] inputs, ReferenceArray[] outputs) => Visit(
        inputs[0].Shape, outputs[0].Shape, (output, input, divisor) => outputs[0].Data[output] += inputs[0].Data[input] / divisor);

    /// <summary>Visits every pair of an output element and an input element of its bin, with the number of elements in the bin.</summary>
    public static void Visit(Shape x, Shape y, Action<int, int, int> visit)
    {
        for (int i = 0; i < y.ElementCount; i++)
        {
            int plane = i / y.Product(2, 4) * x.Product(2, 4);
            var rows = AdaptiveAvgPool2dOp.Bin(i / y[3] % y[2], y[2], x[2]);
            var columns = AdaptiveAvgPool2dOp.Bin(i % y[3], y[3], x[3]);
            for (int r = rows.From; r < rows.To; r++)
            {
                for (int c = columns.From; c < columns.To; c++)
                    visit(i, plane + r * x[3] + c, (rows.To - rows.From) * (columns.To - columns.From));
            }
        }
    }
}

internal sealed class AdaptiveAvgPool2dGradReference : ReferenceKernel<AdaptiveAvgPool2dGradOp>
{
    protected override void Compute(AdaptiveAvgPool2dGradOp op, ReferenceArray[] inputs, ReferenceArray[] outputs) => AdaptiveAvgPool2dReference.Visit(
        outputs[0].Shape, inputs[0].Shape, (output, input, divisor) => outputs[0].Data[input] += inputs[0].Data[output] / divisor);
}
