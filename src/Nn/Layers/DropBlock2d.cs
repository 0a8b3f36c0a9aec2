using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>In training sets square blocks of the map to zero, the same for all samples, and scales up what is left.</summary>
/// <remarks>For blocks of side b on [N, C, H, W]: seeds are drawn with probability γ = p/b² · H·W / ((H-b+1)·(W-b+1)), each clears the block
/// around it, and the rest is multiplied by (elements of the mask) / (elements left). Source: Ghiasi et al. 2018, arXiv:1810.12890, as in
/// ResNeSt's Gluon scripts. Maps smaller than a block pass unchanged.</remarks>
public sealed class DropBlock2d : Module, IRandomModule
{
    /// <summary>A drop block.</summary>
    /// <param name="p">First probability of a value to be dropped, in [0, 1).</param>
    /// <param name="block">Side of the blocks, odd.</param>
    public DropBlock2d(double p, int block = 3)
    {
        if (block < 1 || block % 2 == 0)
            throw new ArgumentOutOfRangeException(nameof(block), block, "DropBlock2d: the side of a block must be odd and positive");
        P = p;
        Block = block;
    }

    /// <summary>Probability of a value to be dropped, in [0, 1); schedules change it between epochs.</summary>
    public double P
    {
        get;
        set => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "DropBlock2d: the probability must lie in [0, 1)");
    }

    /// <summary>Side of the blocks.</summary>
    public int Block { get; }

    /// <inheritdoc/>
    public Generator? Generator { get; set; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Training without a <see cref="Generator"/>.</exception>
    protected override Tensor Compute(Tensor x)
    {
        if (!Training || P == 0 || x.Shape[2] < Block || x.Shape[3] < Block)
            return x;
        var generator = Generator ?? throw new InvalidOperationException("DropBlock2d: training needs a source of randomness; call SetGenerator on the network");
        Shape shape = [1, x.Shape[1], x.Shape[2], x.Shape[3]];
        return x * Tensor.FromDoubles(Mask(shape, generator), new TensorSpec(shape, x.DType), x.Device);
    }

    private double[] Mask(Shape shape, Generator generator)
    {
        int h = shape[2], w = shape[3], reach = Block / 2;
        double seedProbability = P / (Block * Block) * h * w / ((h - Block + 1.0) * (w - Block + 1.0));
        var mask = new double[shape.ElementCount];
        Array.Fill(mask, 1);
        int left = mask.Length;
        for (int i = 0; i < mask.Length; i++)
        {
            if (!(generator.NextUniform() < seedProbability))
                continue;
            int x = i % w, y = i / w % h, plane = i - y * w - x;
            for (int row = Math.Max(0, y - reach); row <= Math.Min(h - 1, y + reach); row++)
            {
                for (int column = Math.Max(0, x - reach); column <= Math.Min(w - 1, x + reach); column++)
                {
                    ref double value = ref mask[plane + row * w + column];
                    left -= (int)value;
                    value = 0;
                }
            }
        }

        double scale = left == 0 ? 0 : (double)mask.Length / left;
        for (int i = 0; i < mask.Length; i++)
            mask[i] *= scale;
        return mask;
    }
}
