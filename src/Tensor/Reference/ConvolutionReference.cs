namespace ResNeSt.Tensors.Reference;

/// <summary>y = weight · columns(x) + bias, one image, group and block of output positions at a time.</summary>
internal sealed class Conv2dReference : ReferenceKernel<Conv2dOp>
{
    /// <summary>Output positions at once: a block of columns should stay in a processor's own cache.</summary>
    private const int Block = 256;

    protected override void Compute(Conv2dOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var (x, w, y) = (inputs[0], inputs[1], outputs[0]);
        var columns = new ConvolutionColumns(op.Geometry, x.Shape, w.Shape, y.Shape);
        int groups = op.Geometry.Groups, kernels = w.Shape[0] / groups, area = columns.Columns;
        int planeSize = x.Shape.Product(2, 4), blocks = (area + Block - 1) / Block;
        if (inputs.Length == 3)
        {
            for (int i = 0; i < y.Data.Length; i++)
                y.Data[i] = inputs[2].Data[i / area % w.Shape[0]];
        }

        Parallel.For(0, x.Shape[0] * groups * blocks, task =>
        {
            int image = task / blocks, group = image % groups;
            int from = task % blocks * Block, to = Math.Min(from + Block, area);
            int padded = ReferenceProduct.Pad(to - from);
            var matrix = new double[columns.Rows * padded];
            columns.Gather(x.Data.AsSpan(image * columns.Channels * planeSize, columns.Channels * planeSize), 0, columns.Channels, from, to, matrix, padded, 1);
            ReferenceProduct.Add(
                w.Data.AsSpan(group * kernels * columns.Rows, kernels * columns.Rows), columns.Rows, matrix,
                y.Data.AsSpan(image * kernels * area + from, kernels * area - from), area, kernels, columns.Rows, to - from);
        });
    }
}

/// <summary>dx = scatter(weightᵀ · dy), one image and group at a time.</summary>
internal sealed class Conv2dInputGradReference : ReferenceKernel<Conv2dInputGradOp>
{
    protected override void Compute(Conv2dInputGradOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var (dy, w, dx) = (inputs[0], inputs[1], outputs[0]);
        var columns = new ConvolutionColumns(op.Geometry, dx.Shape, w.Shape, dy.Shape);
        int groups = op.Geometry.Groups, kernels = w.Shape[0] / groups, area = columns.Columns, padded = ReferenceProduct.Pad(area);
        int planeSize = dx.Shape.Product(2, 4), rows = w.Shape[2] * w.Shape[3];
        var transposed = new double[w.Data.Length];
        for (int k = 0; k < w.Shape[0]; k++)
        {
            for (int i = 0; i < columns.Rows; i++)
                transposed[(k / kernels * columns.Rows + i) * kernels + k % kernels] = w.Data[k * columns.Rows + i];
        }

        Parallel.For(0, dy.Shape[0] * groups, image =>
        {
            var gradients = new double[kernels * padded];
            for (int k = 0; k < kernels; k++)
                dy.Data.AsSpan((image * kernels + k) * area, area).CopyTo(gradients.AsSpan(k * padded));
            // Channel by channel, so that the columns of a large image need not exist all at once.
            var one = new ConvolutionColumns(op.Geometry, dx.Shape, w.Shape.With(1, 1), dy.Shape);
            var matrix = new double[rows * area];
            for (int c = 0; c < columns.Channels; c++)
            {
                Array.Clear(matrix);
                int first = (image % groups * columns.Rows + c * rows) * kernels;
                ReferenceProduct.Add(transposed.AsSpan(first, rows * kernels), kernels, gradients, matrix, area, rows, kernels, area);
                one.Scatter(matrix, area, dx.Data.AsSpan((image * columns.Channels + c) * planeSize, planeSize));
            }
        });
    }
}

/// <summary>dweight = Σ over images of dy · columns(x)ᵀ, a few input channels of one group at a time.</summary>
internal sealed class Conv2dWeightGradReference : ReferenceKernel<Conv2dWeightGradOp>
{
    protected override void Compute(Conv2dWeightGradOp op, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        var (x, dy, dw) = (inputs[0], inputs[1], outputs[0]);
        var columns = new ConvolutionColumns(op.Geometry, x.Shape, dw.Shape, dy.Shape);
        int groups = op.Geometry.Groups, kernels = dw.Shape[0] / groups, area = columns.Columns, window = op.KernelH * op.KernelW;
        int planeSize = x.Shape.Product(2, 4);
        int block = Math.Max(1, 64 / window), blocks = (columns.Channels + block - 1) / block;
        Parallel.For(0, groups * blocks, task =>
        {
            int group = task / blocks, from = task % blocks * block, count = Math.Min(block, columns.Channels - from);
            int padded = ReferenceProduct.Pad(count * window);
            var matrix = new double[area * padded];
            for (int n = 0; n < x.Shape[0]; n++)
            {
                int image = n * groups + group;
                columns.Gather(x.Data.AsSpan(image * columns.Channels * planeSize, columns.Channels * planeSize), from, count, 0, area, matrix, 1, padded);
                ReferenceProduct.Add(
                    dy.Data.AsSpan(image * kernels * area, kernels * area), area, matrix,
                    dw.Data.AsSpan(group * kernels * columns.Rows + from * window, kernels * columns.Rows - from * window), columns.Rows, kernels, area, count * window);
            }
        });
    }
}
