using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>How the fastest algorithm is found: by measuring, with proof, and without leaks.</summary>
[NonParallelizable]
internal sealed class AlgorithmMeasurementTests
{
    private static readonly ConvProblem Problem = ConvAlgorithmCases.Conv(4096, 16, 16, 1, 1, 1);

    // More memory than any machine has addresses for, with so many pictures.
    private const int TooManyParts = int.MaxValue;

    [TestCase(new double[] { 100, 89, 95 }, 0, ExpectedResult = 1, TestName = "Winner_OfMoreThanATenth_IsTheFastest")]
    [TestCase(new double[] { 100, 91, 95 }, 0, ExpectedResult = 0, TestName = "Winner_OfLessThanATenth_IsTheUsual")]
    [TestCase(new double[] { 90, 100, 95 }, 1, ExpectedResult = 1, TestName = "Winner_OfExactlyATenth_IsTheUsual")]
    [TestCase(new double[] { 100, 50, 40 }, 0, ExpectedResult = 2, TestName = "Winner_OfTwoThatAreBetter_IsTheFastest")]
    [TestCase(new double[] { 100, 50, 99 }, 1, ExpectedResult = 1, TestName = "Winner_WhereTheUsualIsFastest_IsTheUsual")]
    [TestCase(new double[] { 100, 99, 98 }, -1, ExpectedResult = 2, TestName = "Winner_WithoutAUsual_IsTheFastest")]
    [TestCase(new double[] { 100 }, 0, ExpectedResult = 0, TestName = "Winner_OfOne_IsThatOne")]
    public int Winner(double[] times, int usual) => AlgorithmTable.Winner(times, usual);

    [Test]
    public void Measure_WhereAnotherIsMuchFaster_FindsIt([Values(1, 2)] int threads)
    {
        var slow = new MadeUpAlgorithm("slow", () => new MadeUpConvolution(() => Thread.Sleep(5)));
        var fast = new MadeUpAlgorithm("fast", () => new MadeUpConvolution());

        var (best, microseconds) = Measure(threads, slow, slow, fast);
        Assert.That(best, Is.SameAs(fast));
        Assert.That(microseconds, Is.LessThan(5000));
        Assert.That(slow.Packed.Concat(fast.Packed).Select(packed => packed.IsDisposed), Is.EqualTo((bool[])[true, true]));
    }

    [Test]
    public void Measure_WhereTheLastOneHasNoMemory_FreesTheOthers()
    {
        var first = new MadeUpAlgorithm("first", () => new MadeUpConvolution());
        var second = new MadeUpAlgorithm("second", () => new MadeUpConvolution());
        var third = new MadeUpAlgorithm("third", () => throw new OutOfMemoryException());

        Assert.That(() => Measure(1, first, first, second, third), Throws.TypeOf<OutOfMemoryException>());
        Assert.That(first.Packed.Concat(second.Packed).Select(packed => packed.IsDisposed), Is.EqualTo((bool[])[true, true]));
    }

    [Test]
    public void Trial_WithoutMemoryForItsResults_FreesItsWeights()
    {
        var algorithm = new MadeUpAlgorithm("too large", () => new MadeUpConvolution { Parts = TooManyParts });
        var (weight, bias) = Constants();

        Assert.That(() => new ConvTrial(algorithm, Problem, weight, bias), Throws.TypeOf<OutOfMemoryException>());
        Assert.That(algorithm.Packed.Single().IsDisposed, Is.True);
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(7)]
    public void TouchActivations_OnSeveralThreads_ComesBack(int threads)
    {
        var (weight, bias) = Constants();
        using var trial = new ConvTrial(DirectAlgorithm.Blocked, Problem with { Batch = 1 }, weight, bias);

        Assert.That(() => trial.TouchActivations(threads), Throws.Nothing);
        // Inside of a chunk there is one thread only.
        Assert.That(() => WorkerPool.Shared.Run(2, 2, _ => trial.TouchActivations(threads)), Throws.Nothing);
    }

    [Test]
    public void Flush_AfterItsEnd_SaysSo()
    {
        var flush = new CacheFlush();
        flush.Run(2);
        flush.Run(1);
        flush.Dispose();
        flush.Dispose();

        Assert.That(() => flush.Run(1), Throws.TypeOf<ObjectDisposedException>());
    }

    private static (ConvAlgorithm Best, double Microseconds) Measure(int threads, ConvAlgorithm usual, params ConvAlgorithm[] candidates)
    {
        string file = Path.GetTempFileName();
        try
        {
            using var table = AlgorithmTable.Open(new LoweringOptions(Threads: threads, AlgorithmFile: file, Tune: true));
            var (weight, bias) = Constants();
            return table.Measure(Problem, candidates, usual, weight, bias);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static (GraphConstant Weight, GraphConstant Bias) Constants()
    {
        CpuBackend.Register();
        return (new GraphConstant(Tensor.Zeros([16, 16, 1, 1])), new GraphConstant(Tensor.Zeros([16])));
    }

    /// <summary>Packs what it is told to.</summary>
    private sealed class MadeUpAlgorithm(string name, Func<MadeUpConvolution> pack) : ConvAlgorithm
    {
        public List<MadeUpConvolution> Packed { get; } = [];

        public override string Name => name;

        public override bool Supports(ConvProblem problem) => true;

        public override Border InputBorder(ConvProblem problem) => default;

        public override PackedConv Pack(ConvProblem problem, GraphConstant weight, GraphConstant bias)
        {
            Packed.Add(pack());
            return Packed[^1];
        }
    }

    /// <summary>Takes some time.</summary>
    private sealed class MadeUpConvolution(Action? run = null) : PackedConv
    {
        public int Parts { get; init; }

        public bool IsDisposed { get; private set; }

        public override long WeightBytes => 0;

        public override int Chunks => 2;

        public override int PoolParts => Parts;

        public override void RunChunk(int chunk, int before, in ConvMemory memory) => run?.Invoke();

        public override void Dispose() => IsDisposed = true;
    }
}
