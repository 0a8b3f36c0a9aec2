namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Reductions of many elements: what is lost by rounding, and how the work is cut.</summary>
public sealed class LongReductionTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [TestCase(3_000_001, 1)]
    [TestCase(1_000_003, 3)]
    [TestCase(3, 1_000_003)]
    [TestCase(1, 3_000_001)]
    public void Sum_OfMillionsOfTerms_KeepsSevenDigits(int rows, int columns)
    {
        using var scope = new TensorScope();
        // Tenths: a running sum in F32 would be wrong in the third digit.
        var x = Tensor.Full(0.1, [rows, columns]);

        Assert.That(x.Sum().Item(), Is.EqualTo(0.1f * (double)rows * columns).Within(1e-5).Percent);
        Assert.That(x.Sum([0]).ToDoubles().Max(sum => Math.Abs(sum / (0.1f * (double)rows) - 1)), Is.LessThanOrEqualTo(1e-7));
        Assert.That(x.Mean([0, 1]).Item(), Is.EqualTo((double)0.1f).Within(1e-5).Percent);
    }

    [Test]
    public void Sum_ThatCancels_KeepsWhatIsLeft()
    {
        using var scope = new TensorScope();
        var values = new float[100_000];
        for (int i = 0; i < values.Length; i++)
            values[i] = (i % 2 == 0 ? 1 : -1) * (1 + i % 1000);
        values[77_777] += 0.5f;

        double sum = Tensor.FromArray(values, [values.Length]).Sum().Item();

        Assert.That(sum, Is.EqualTo(values.Sum(v => (double)v)));
    }

    [Test]
    public void Reductions_OfRandomShapesAndAxes_MatchReference()
    {
        var generator = new Generator(5);
        for (int round = 0; round < 200; round++)
        {
            using var scope = new TensorScope();
            var extents = new int[1 + generator.NextInt(5)];
            for (int i = 0; i < extents.Length; i++)
                extents[i] = generator.NextInt(4) == 0 ? 1 : 1 + generator.NextInt(extents.Length > 2 ? 9 : 70);
            var shape = Shape.Create(extents);
            var axes = Axes.Of([.. Enumerable.Range(0, extents.Length).Where(_ => generator.NextInt(2) == 0)]);
            var values = new float[shape.ElementCount];
            for (int i = 0; i < values.Length; i++)
                values[i] = generator.NextInt(2001) - 1000;
            foreach (Op op in (Op[])[new SumOp(axes, false), new MaxOp(axes, true)])
            {
                var expected = OpDispatcher.Run(op, Tensor.FromArray(values, shape, Device.Reference))[0].ToArray<float>();
                var actual = OpDispatcher.Run(op, Tensor.FromArray(values, shape))[0].ToArray<float>();
                Assert.That(actual, Is.EqualTo(expected), $"{op} of {shape}");
            }
        }
    }

    // Long enough that the elements of one result are shared among threads.
    [TestCase(2, 300_000)]
    [TestCase(300_000, 2)]
    [TestCase(40_000, 33)]
    [TestCase(7, 5000)]
    public void Reductions_ThatShareOneResult_HaveTheSameBitsForAnyThreads(int rows, int columns)
    {
        using var scope = new TensorScope();
        var generator = new Generator(9);
        var values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)generator.NextNormal();
        var x = Tensor.FromArray(values, [rows, columns]);
        int before = EngineSettings.Threads;
        try
        {
            foreach (Op op in (Op[])[new SumOp([0], false), new SumOp([1], false), new SumOp([0, 1], false), new MaxOp([0], false), new MaxOp([0, 1], false)])
            {
                EngineSettings.Threads = 1;
                var one = OpDispatcher.Run(op, x)[0].ToArray<float>();
                EngineSettings.Threads = 4;
                Assert.That(OpDispatcher.Run(op, x)[0].ToArray<float>().AsSpan().SequenceEqual(one), op.ToString());
            }
        }
        finally
        {
            EngineSettings.Threads = before;
        }
    }

    [TestCase(0)]
    [TestCase(5)]
    [TestCase(64)]
    [TestCase(99)]
    public void Maxima_WithNaN_GiveNaNAndItsPlace(int place)
    {
        using var scope = new TensorScope();
        var values = new float[100];
        for (int i = 0; i < values.Length; i++)
            values[i] = i % 7;
        values[place] = float.NaN;
        var row = Tensor.FromArray(values, [1, 100]);
        var column = row.Reshape([100, 1]);

        Assert.That(row.Max([1]).Item(), Is.NaN);
        Assert.That(column.Max([0]).Item(), Is.NaN);
        Assert.That(row.ArgMax(1).Item(), Is.EqualTo(place));
        Assert.That(row.Reshape([1, 100, 1]).BroadcastTo([1, 100, 3]).ArgMax(1).ToDoubles(), Is.All.EqualTo(place));
    }

    [Test]
    public void Mean_OfHalves_DoesNotOverflow()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(100, [1, 1, 64, 64], DType.F16);

        Assert.That(x.Mean([2, 3]).Item(), Is.EqualTo(100));
        Assert.That(x.Variance([2, 3]).Item(), Is.EqualTo(0));
    }
}
