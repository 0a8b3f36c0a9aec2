namespace ResNeSt.Tensors;

/// <summary>A range of positions along one axis.</summary>
/// <param name="Axis">The axis.</param>
/// <param name="Start">First position.</param>
/// <param name="Length">Number of positions.</param>
public sealed record SliceOp(int Axis, int Start, int Length) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var shape = inputs[0].Shape;
        if (Axis < 0 || Axis >= shape.Rank)
            throw Error($"axis {Axis} does not exist", inputs);
        if (Start < 0 || Length < 0 || Start > shape[Axis] - Length)
            throw Error($"positions {Start} to {(long)Start + Length} do not lie within the {shape[Axis]} of axis {Axis}", inputs);
        return [new TensorSpec(shape.With(Axis, Length), inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(outputs, outputs, 0);
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        int after = context.InputSpec(0).Shape[Axis] - Start - Length;
        context.GiveGrad(0, context.GradOutput().Pad(Axis, Start, after));
    }
}

/// <summary>Calls of <see cref="SliceOp"/>.</summary>
public static class SliceExtensions
{
    extension(Tensor x)
    {
        /// <summary>A range of positions along one axis; the tensor itself if that is all of them.</summary>
        /// <param name="axis">The axis; negative values count from the last.</param>
        /// <param name="start">First position.</param>
        /// <param name="length">Number of positions.</param>
        public Tensor Slice(int axis, int start, int length)
        {
            int normalized = x.Shape.NormalizeAxis(axis, "slice");
            return start == 0 && length == x.Shape[normalized] ? x : OpDispatcher.Run(new SliceOp(normalized, start, length), x)[0];
        }

        /// <summary>Consecutive pieces of given lengths along one axis.</summary>
        /// <param name="axis">The axis; negative values count from the last.</param>
        /// <param name="lengths">Lengths of the pieces; their sum is the extent.</param>
        /// <exception cref="ShapeException">The lengths do not add up to the extent.</exception>
        public Tensor[] Split(int axis, params ReadOnlySpan<int> lengths)
        {
            int extent = x.Shape[x.Shape.NormalizeAxis(axis, "split")];
            long total = 0;
            foreach (int length in lengths)
                total += length;
            if (total != extent)
                throw new ShapeException($"split: lengths [{string.Join(",", lengths.ToArray())}] add up to {total}, axis {axis} of {x.Shape} has {extent}");
            var pieces = new Tensor[lengths.Length];
            int start = 0;
            for (int i = 0; i < pieces.Length; i++)
            {
                pieces[i] = x.Slice(axis, start, lengths[i]);
                start += lengths[i];
            }

            return pieces;
        }

        /// <summary>Consecutive pieces of equal length along one axis, the last one shorter where the extent is no multiple.</summary>
        /// <param name="count">Wanted number of pieces; fewer come out where rounding the length up leaves nothing for the last ones.</param>
        /// <param name="axis">The axis; negative values count from the last.</param>
        public Tensor[] Chunk(int count, int axis)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
            int extent = x.Shape[x.Shape.NormalizeAxis(axis, "chunk")];
            int length = Math.Max(1, (extent + count - 1) / count);
            var lengths = new int[Math.Max(1, (extent + length - 1) / length)];
            for (int i = 0; i < lengths.Length; i++)
                lengths[i] = Math.Min(length, extent - i * length);
            return x.Split(axis, lengths);
        }
    }
}
