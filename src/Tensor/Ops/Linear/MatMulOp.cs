namespace ResNeSt.Tensors;

/// <summary>Matrix product of the last two axes, C = op(A) · op(B); the axes before them are batches and broadcast.</summary>
/// <param name="TransposeLeft">Take A as [.., K, M] instead of [.., M, K].</param>
/// <param name="TransposeRight">Take B as [.., N, K] instead of [.., K, N].</param>
public sealed record MatMulOp(bool TransposeLeft, bool TransposeRight) : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        var dtype = RequireFloat(inputs);
        var (a, b) = (inputs[0].Shape, inputs[1].Shape);
        if (a.Rank < 2 || b.Rank < 2)
            throw Error("needs matrices, with batch axes in front of them or not", inputs);
        int inner = a[TransposeLeft ? -2 : -1];
        int other = b[TransposeRight ? -1 : -2];
        if (inner != other)
            throw Error($"the left matrix has {inner} columns, the right one {other} rows{Transposed()}", inputs);
        var batch = Broadcasting.Combine(Leading(a), Leading(b), Name);
        return [new TensorSpec(Shape.Create([.. batch, a[TransposeLeft ? -1 : -2], b[TransposeRight ? -2 : -1]]), dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, 2L * outputs[0].ElementCount * inputs[0].Shape[TransposeLeft ? -2 : -1]);
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var dy = context.GradOutput();
        if (context.Needs(0))
        {
            var b = context.Input(1);
            var da = TransposeLeft ? b.MatMul(dy, TransposeRight, true) : dy.MatMul(b, false, !TransposeRight);
            context.GiveGrad(0, Broadcasting.SumTo(da, context.InputSpec(0).Shape));
        }

        if (context.Needs(1))
        {
            var a = context.Input(0);
            var db = TransposeRight ? dy.MatMul(a, true, TransposeLeft) : a.MatMul(dy, !TransposeLeft, false);
            context.GiveGrad(1, Broadcasting.SumTo(db, context.InputSpec(1).Shape));
        }
    }

    private static Shape Leading(Shape shape) => Shape.Create(shape.Extents[..^2]);

    private string Transposed() => (TransposeLeft, TransposeRight) switch
    {
        (true, true) => ", both transposed",
        (true, false) => ", the left one transposed",
        (false, true) => ", the right one transposed",
        _ => "",
    };
}

/// <summary>Calls of <see cref="MatMulOp"/>.</summary>
public static class MatMulExtensions
{
    extension(Tensor a)
    {
        /// <summary>Matrix product of the last two axes; a vector stands for a row on the left and for a column on the right, and its axis is dropped from the result.</summary>
        /// <param name="b">The right factor.</param>
        /// <param name="transposeLeft">Take the left factor transposed; without meaning for a vector.</param>
        /// <param name="transposeRight">Take the right factor transposed; without meaning for a vector.</param>
        public Tensor MatMul(Tensor b, bool transposeLeft = false, bool transposeRight = false)
        {
            bool row = a.Shape.Rank == 1, column = b.Shape.Rank == 1;
            var left = row ? a.Reshape([1, a.Shape[0]]) : a;
            var right = column ? b.Reshape([b.Shape[0], 1]) : b;
            var product = OpDispatcher.Run(new MatMulOp(transposeLeft && !row, transposeRight && !column), left, right)[0];
            if (!row && !column)
                return product;
            var batch = product.Shape.Extents[..^2];
            Shape kept = row && column ? Shape.Create(batch)
                : row ? Shape.Create([.. batch, product.Shape[-1]])
                : Shape.Create([.. batch, product.Shape[-2]]);
            return product.Reshape(kept);
        }
    }
}
