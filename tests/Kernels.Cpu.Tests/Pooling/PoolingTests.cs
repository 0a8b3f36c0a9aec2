namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Pools with random windows and with values that compare oddly, against the reference.</summary>
public sealed class PoolingTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Pools_WithRandomWindows_MatchReference()
    {
        var generator = new Generator(7);
        for (int i = 0; i < 300; i++)
        {
            Shape image = [1 + generator.NextInt(2), 1 + generator.NextInt(3), 1 + generator.NextInt(20), 1 + generator.NextInt(40)];
            int h = 1 + generator.NextInt(4), w = 1 + generator.NextInt(4), dilationH = 1 + generator.NextInt(3), dilationW = 1 + generator.NextInt(3);
            bool ceil = generator.NextInt(2) == 0, count = generator.NextInt(2) == 0;
            var dilated = new PoolGeometry(
                h, w, 1 + generator.NextInt(3), 1 + generator.NextInt(3), generator.NextInt(h), generator.NextInt(w), generator.NextInt(h), generator.NextInt(w), dilationH, dilationW, ceil);
            var geometry = dilated with { DilationH = 1, DilationW = 1 };
            if (dilated.OutputHeight(image[2]) > 0 && dilated.OutputWidth(image[3]) > 0)
                Compare(new MaxPool2dOp(dilated), [new OpInput(image, InputValues.SmallIntegers)]);
            if (geometry.OutputHeight(image[2]) < 1 || geometry.OutputWidth(image[3]) < 1)
                continue;
            int divisor = generator.NextInt(3);
            Compare(new AvgPool2dOp(geometry, count, divisor), [new OpInput(image, InputValues.SmallIntegers)]);
            Shape output = [image[0], image[1], geometry.OutputHeight(image[2]), geometry.OutputWidth(image[3])];
            Compare(new AvgPool2dGradOp(geometry, count, divisor, image[2], image[3]), [new OpInput(output, InputValues.SmallIntegers)]);
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    public void MaxPool2d_OfNaNAndInfinities_MatchesReference(int padding)
    {
        float[] odd = [float.NaN, float.NegativeInfinity, float.PositiveInfinity, -0f, 0f, 1];
        var generator = new Generator(5);
        var values = new double[2 * 9 * 37];
        for (int i = 0; i < values.Length; i++)
            values[i] = i % 3 == 0 || i < 37 * 4 ? odd[generator.NextInt(i < 37 * 4 ? 2 : odd.Length)] : generator.NextInt(3);
        Run(new MaxPool2dOp(PoolGeometry.Of(3, 2, padding)), [values], [new TensorSpec([1, 2, 9, 37], DType.F32)]);
        Run(new MaxPool2dOp(PoolGeometry.Of(2, 1, 0, 2)), [values], [new TensorSpec([1, 2, 9, 37], DType.F32)]);
    }

    [Test]
    public void MaxPool2d_OfOnlyNegativeInfinity_ChoosesTheFirstPixelOfTheWindow()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(double.NegativeInfinity, [1, 1, 4, 4]);

        var (values, indices) = x.MaxPool2dWithIndices(PoolGeometry.Of(3, 2, 1));

        Assert.That(values.ToArray<float>(), Is.All.EqualTo(float.NegativeInfinity));
        Assert.That(indices.ToArray<int>(), Is.EqualTo(new[] { 0, 1, 4, 5 }));
    }

    private static void Compare(Op op, OpInput[] inputs) => Run(
        op, Array.ConvertAll(inputs, input => input.Generate(3)), Array.ConvertAll(inputs, input => new TensorSpec(input.Shape, DType.F32)));

    private static void Run(Op op, double[][] values, TensorSpec[] specs)
    {
        using var scope = new TensorScope();
        using var bounds = EngineSettings.WithCheckBounds(true);
        var actual = OpDispatcher.Run(op, specs.Select((spec, i) => Tensor.FromDoubles(values[i], spec, Device.Cpu)).ToArray());
        var expected = OpDispatcher.Run(op, specs.Select((spec, i) => Tensor.FromDoubles(values[i], spec, Device.Reference)).ToArray());
        for (int i = 0; i < expected.Length; i++)
            Assert.That(actual[i].ToDoubles(), Is.EqualTo(expected[i].ToDoubles()).Within(1e-6), $"output {i} of {op} on {specs[0]}");
    }
}
