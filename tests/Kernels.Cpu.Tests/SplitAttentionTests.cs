namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>The three steps of split attention against their formulas, index by index as the documentation writes them.</summary>
[TestFixture("cpu")]
[TestFixture("reference")]
public sealed class SplitAttentionTests(string device)
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void RadixSoftmax_EveryRadixAndCardinality_FollowsTheIndexMap([Values(2, 3, 4)] int radix, [Values(1, 2, 3)] int cardinality, [Values(1, 5, 16)] int members)
    {
        using var scope = new TensorScope();
        int channels = cardinality * members;
        var (z, values) = Random([3, radix * channels], 5);
        var actual = z.RadixSoftmax(radix, cardinality).ToDoubles();
        for (int n = 0; n < 3; n++)
        {
            for (int k = 0; k < cardinality; k++)
            {
                for (int j = 0; j < members; j++)
                {
                    double Logit(int r) => values[n * radix * channels + k * (radix * members) + r * members + j];
                    double sum = Enumerable.Range(0, radix).Sum(r => Math.Exp(Logit(r)));
                    for (int r = 0; r < radix; r++)
                        Assert.That(actual[n * radix * channels + r * channels + k * members + j], Is.EqualTo(Math.Exp(Logit(r)) / sum).Within(1e-6));
                }
            }
        }
    }

    [Test]
    public void RadixSoftmax_RadixOne_IsASigmoid([Values(1, 4)] int cardinality)
    {
        using var scope = new TensorScope();
        var (z, values) = Random([2, 20, 1, 1], 3);
        var actual = z.RadixSoftmax(1, cardinality);
        Assert.That(actual.Shape, Is.EqualTo(z.Shape));
        Assert.That(actual.ToDoubles(), Is.EqualTo(values.Select(v => 1 / (1 + Math.Exp(-v)))).Within(1e-6));
    }

    [Test]
    public void RadixSoftmax_RadixTwo_IsASigmoidOfTheDifference()
    {
        using var scope = new TensorScope();
        var (z, values) = Random([1, 64], 4);
        var actual = z.RadixSoftmax(2, 1).ToDoubles();
        for (int c = 0; c < 32; c++)
        {
            Assert.That(actual[c], Is.EqualTo(1 / (1 + Math.Exp(values[32 + c] - values[c]))).Within(1e-6));
            Assert.That(actual[c] + actual[32 + c], Is.EqualTo(1).Within(1e-6));
        }
    }

    [Test]
    public void RadixSoftmax_HugeLogits_StaysFinite()
    {
        using var scope = new TensorScope();
        var z = Tensor.FromArray(new float[] { 1e4f, -1e4f, 1e4f, 1e4f }, [1, 4], device);
        Assert.That(z.RadixSoftmax(2, 2).ToDoubles(), Is.EqualTo(new[] { 1, 0.5, 0, 0.5 }));
    }

    [Test]
    public void AttentionWeightedSum_EveryRadix_AddsTheWeightedSlabs([Values(1, 2, 3, 4)] int radix, [Values(1, 7, 40)] int width)
    {
        using var scope = new TensorScope();
        const int n = 2, c = 3, h = 2;
        var (x, features) = Random([n, radix * c, h, width], 1);
        var (a, weights) = Random([n, radix * c], 1);
        var actual = x.AttentionWeightedSum(a, radix);
        Assert.That(actual.Shape, Is.EqualTo(Shape.Create([n, c, h, width])));
        var values = actual.ToDoubles();
        int plane = h * width;
        for (int i = 0; i < values.Length; i++)
        {
            int sample = i / (c * plane), channel = i / plane % c, position = i % plane;
            double expected = 0;
            for (int r = 0; r < radix; r++)
                expected += weights[sample * radix * c + r * c + channel] * features[(sample * radix * c + r * c + channel) * plane + position];
            Assert.That(values[i], Is.EqualTo(expected).Within(1e-6));
        }
    }

    [Test]
    public void RadixSumGlobalAvgPool_EveryRadix_AveragesTheSummedSlabs([Values(1, 2, 4)] int radix, [Values(1, 9)] int width)
    {
        using var scope = new TensorScope();
        const int n = 2, c = 3, h = 5;
        var (x, features) = Random([n, radix * c, h, width], 1);
        var actual = x.RadixSumGlobalAvgPool(radix);
        Assert.That(actual.Shape, Is.EqualTo(Shape.Create([n, c, 1, 1])));
        int plane = h * width;
        for (int i = 0; i < n * c; i++)
        {
            double expected = 0;
            for (int r = 0; r < radix; r++)
                expected += features.Skip((i / c * radix * c + r * c + i % c) * plane).Take(plane).Sum() / plane;
            Assert.That(actual.ToDoubles()[i], Is.EqualTo(expected).Within(1e-6));
        }
    }

    [Test]
    public void SplitAttention_EqualLogits_GivesTheMeanOfTheSplits()
    {
        using var scope = new TensorScope();
        var (x, features) = Random([1, 6, 2, 2], 1);
        var attention = Tensor.Full(0.3, [1, 6], DType.F32, device).RadixSoftmax(3, 1);
        var y = x.AttentionWeightedSum(attention, 3).ToDoubles();
        for (int i = 0; i < y.Length; i++)
            Assert.That(y[i], Is.EqualTo((features[i] + features[8 + i] + features[16 + i]) / 3).Within(1e-6));
    }

    [Test]
    public void WrongShapes_NameTheOperatorAndEveryShape()
    {
        using var scope = new TensorScope();
        var x = Tensor.Zeros([2, 6, 3, 3], DType.F32, device);
        Assert.Multiple(() =>
        {
            Expect(() => x.AttentionWeightedSum(Tensor.Zeros([2, 6], DType.F32, device), 4), "attention_weighted_sum: radix 4 does not divide 6 channels", "F32[2,6,3,3]");
            Expect(() => x.AttentionWeightedSum(Tensor.Zeros([2, 3], DType.F32, device), 2), "attention_weighted_sum: attention must be [2,6]", "F32[2,3]");
            Expect(() => x.RadixSumGlobalAvgPool(0), "radix_sum_global_avg_pool: radix 0", "F32[2,6,3,3]");
            Expect(() => x.RadixSoftmax(2, 1), "radix_softmax: needs logits [N,R*C]", "F32[2,6,3,3]");
            Expect(() => Tensor.Zeros([2, 6], DType.F32, device).RadixSoftmax(2, 2), "radix_softmax: radix 2 times cardinality 2 does not divide 6 channels", "F32[2,6]");
        });

        void Expect(Func<Tensor> code, string start, string shape) =>
            Assert.That(code, Throws.TypeOf<ShapeException>().With.Message.StartsWith(start).And.Message.Contains(shape));
    }

    private (Tensor Tensor, double[] Values) Random(Shape shape, double range)
    {
        var generator = new Generator((ulong)shape.ElementCount);
        var values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(range * (2 * generator.NextUniform() - 1));
        return (Tensor.FromDoubles(values, new TensorSpec(shape, DType.F32), device), values);
    }
}
