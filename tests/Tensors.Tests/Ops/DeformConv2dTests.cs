namespace ResNeSt.Tensors.Tests;

/// <summary>Deformable convolution against its formula as plain loops, and where it must be the plain convolution.</summary>
public sealed class DeformConv2dTests
{
    private TensorScope _scope = null!;

    [SetUp]
    public void Open() => _scope = new TensorScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [TestCase(1, 1, 1, 1, false)]
    [TestCase(2, 2, 1, 1, true)]
    [TestCase(1, 2, 2, 1, true)]
    [TestCase(2, 1, 1, 2, true)]
    [TestCase(4, 4, 2, 2, false)]
    public void Forward_MatchesTheFormula(int groups, int offsetGroups, int stride, int dilation, bool masked)
    {
        const int Batch = 2, Channels = 4, Outputs = 8, Height = 6, Width = 7, Taps = 9;
        var geometry = ConvGeometry.Of(stride, padding: 1, dilation, groups);
        int rows = geometry.OutputHeight(Height, 3), columns = geometry.OutputWidth(Width, 3);
        double[] x = Values(1, Batch * Channels * Height * Width), w = Values(2, Outputs * Channels / groups * Taps), bias = Values(3, Outputs);
        double[] offset = [.. Values(4, Batch * 2 * offsetGroups * Taps * rows * columns).Select(value => 3.3 * value)];
        double[] mask = Values(5, Batch * offsetGroups * Taps * rows * columns);

        var actual = Make(x, [Batch, Channels, Height, Width]).DeformConv2d(
            Make(offset, [Batch, 2 * offsetGroups * Taps, rows, columns]), masked ? Make(mask, [Batch, offsetGroups * Taps, rows, columns]) : null,
            Make(w, [Outputs, Channels / groups, 3, 3]), Make(bias, [Outputs]), geometry, offsetGroups);

        var expected = new double[Batch * Outputs * rows * columns];
        for (int i = 0; i < expected.Length; i++)
        {
            int column = i % columns, row = i / columns % rows, k = i / (columns * rows) % Outputs, n = i / (columns * rows * Outputs);
            int perGroup = Channels / groups, firstChannel = k / (Outputs / groups) * perGroup;
            expected[i] = bias[k];
            for (int c = 0; c < perGroup; c++)
            {
                for (int t = 0; t < Taps; t++)
                {
                    int offsetGroup = (firstChannel + c) / (Channels / offsetGroups), channel = (n * offsetGroups + offsetGroup) * Taps + t;
                    double r = row * stride - 1 + t / 3 * dilation + offset[(2 * channel * rows + row) * columns + column];
                    double s = column * stride - 1 + t % 3 * dilation + offset[((2 * channel + 1) * rows + row) * columns + column];
                    double sample = 0;
                    for (int h = 0; h < Height; h++)
                    {
                        for (int v = 0; v < Width; v++)
                            sample += Math.Max(0, 1 - Math.Abs(r - h)) * Math.Max(0, 1 - Math.Abs(s - v)) * x[((n * Channels + firstChannel + c) * Height + h) * Width + v];
                    }

                    expected[i] += sample * w[(k * perGroup + c) * Taps + t] * (masked ? mask[(channel * rows + row) * columns + column] : 1);
                }
            }
        }

        Assert.That(actual.ToDoubles(), Is.EqualTo(expected).Within(1e-12));
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(2)]
    public void Forward_OfWholeOffsets_IsThePlainConvolutionElsewhere(int shift)
    {
        var x = Make(Values(1, 3 * 8 * 9), [1, 3, 8, 9]);
        var w = Make(Values(2, 4 * 3 * 9), [4, 3, 3, 3]);
        var offset = Tensor.Zeros([1, 18, 8, 9], DType.F64, Device.Reference) + shift;

        var moved = x.DeformConv2d(offset, null, w, null, ConvGeometry.Of(padding: 1));

        // Taps that are all moved alike are a window that begins elsewhere.
        var plain = x.Conv2d(w, new ConvGeometry(1, 1, 1 - shift, 1 - shift, 1 + shift, 1 + shift, 1, 1, 1));
        Assert.That(moved.ToDoubles(), Is.EqualTo(plain.ToDoubles()).Within(1e-12));
    }

    /// <summary>Offsets begin at zero: a slope of zero there would never let them learn.</summary>
    [Test]
    public void OffsetGradient_AtZero_IsTheSlopeTowardsTheNextPixel()
    {
        double[] x = Values(1, 5);
        var offset = Tensor.Zeros([1, 2, 1, 5], DType.F64, Device.Reference);
        offset.RequiresGrad = true;

        Make(x, [1, 1, 1, 5]).DeformConv2d(offset, null, Make([1], [1, 1, 1, 1]), null, ConvGeometry.Of()).Sum().Backward();

        double[] next = [.. x[1..], 0];
        Assert.That(offset.Grad!.ToDoubles(), Is.EqualTo(x.Select(value => -value).Concat(next.Zip(x, (after, at) => after - at))).Within(1e-12));
    }

    [Test]
    public void Forward_OfOffsetsThatAreNoNumbers_IsNoNumber()
    {
        var offset = Make([double.NaN, 0], [1, 2, 1, 1]);

        Assert.That(Make([1], [1, 1, 1, 1]).DeformConv2d(offset, null, Make([1], [1, 1, 1, 1]), null, ConvGeometry.Of()).Item(), Is.NaN);
    }

    [Test]
    public void Infer_OfShapesThatDoNotFit_NamesWhatIsExpected()
    {
        TensorSpec Spec(Shape shape) => new(shape, DType.F32);
        var op = new DeformConv2dOp(ConvGeometry.Of(padding: 1), OffsetGroups: 2, Masked: true);
        var (x, offset, mask, w) = (Spec([1, 4, 5, 6]), Spec([1, 36, 5, 6]), Spec([1, 18, 5, 6]), Spec([8, 4, 3, 3]));

        Assert.That(op.Infer([x, offset, mask, w])[0].Shape, Is.EqualTo(Shape.Create([1, 8, 5, 6])));
        Assert.That(() => op.Infer([x, Spec([1, 18, 5, 6]), mask, w]), Throws.TypeOf<ShapeException>().With.Message.Contains("[1,36,5,6]"));
        Assert.That(() => op.Infer([x, offset, Spec([1, 9, 5, 6]), w]), Throws.TypeOf<ShapeException>().With.Message.Contains("mask must be [1,18,5,6]"));
        Assert.That(() => op.Infer([Spec([1, 3, 5, 6]), offset, mask, w]), Throws.TypeOf<ShapeException>().With.Message.Contains("3 channels"));
        Assert.That(() => (op with { OffsetGroups = 3 }).Infer([x, offset, mask, w]), Throws.TypeOf<ShapeException>().With.Message.Contains("do not divide 4 channels"));
        Assert.That(() => op.Infer([x, offset, w]), Throws.TypeOf<ShapeException>().With.Message.Contains("4 to 5 inputs"));
    }

    private static double[] Values(ulong seed, int count)
    {
        var generator = new Generator(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * generator.NextUniform() - 1)];
    }

    private static Tensor Make(double[] values, Shape shape) => Tensor.FromDoubles(values, new TensorSpec(shape, DType.F64), Device.Reference);
}
