namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Convolutions: exactness, and the packed weights that are kept from call to call.</summary>
public sealed class ConvolutionTests
{
    private static readonly ConvGeometry Padded = ConvGeometry.Of(padding: 1);

    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Convolutions_OfSmallIntegers_AreExact() => Assert.That(ExactConvolutions.Check(), Is.Empty);

    [Test]
    public void Conv2d_AfterTheWeightIsOverwritten_UsesTheNewValues()
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones([1, 9, 5, 5]);
        var w = Tensor.Ones([10, 9, 3, 3]);
        float before = x.Conv2d(w, Padded).ToArray<float>()[6];

        w.Assign(Tensor.Full(2, w.Shape));

        Assert.That(before, Is.EqualTo(81));
        Assert.That(x.Conv2d(w, Padded).ToArray<float>()[6], Is.EqualTo(162));
    }

    [Test]
    public void Conv2d_WithOneWeightInTwoForms_KeepsThemApart()
    {
        using var scope = new TensorScope();
        var values = new OpInput([20, 18, 1, 1], InputValues.SmallIntegers).Generate(1);
        var w = Tensor.FromDoubles(values, new TensorSpec([20, 18, 1, 1], DType.F32));
        var x = Tensor.FromDoubles(new OpInput([1, 36, 3, 3], InputValues.SmallIntegers).Generate(2), new TensorSpec([1, 36, 3, 3], DType.F32));
        var grouped = x.Conv2d(w, ConvGeometry.Of(groups: 2)).ToArray<float>();

        // The same memory as ten rows of 36.
        x.Conv2d(w.Reshape([10, 36, 1, 1]), ConvGeometry.Of());

        Assert.That(x.Conv2d(w, ConvGeometry.Of(groups: 2)).ToArray<float>(), Is.EqualTo(grouped));
    }

    [Test]
    public void Conv2d_OfFewPixels_GivesTheSameBitsBeforeAndAfterTheWeightIsPacked()
    {
        using var scope = new TensorScope();
        var w = Tensor.FromDoubles(new OpInput([26, 40, 3, 3]).Generate(1), new TensorSpec([26, 40, 3, 3], DType.F32));
        var x = Tensor.FromDoubles(new OpInput([2, 40, 3, 3]).Generate(2), new TensorSpec([2, 40, 3, 3], DType.F32));

        var runs = Enumerable.Range(0, 3).Select(_ => x.Conv2d(w, Padded).ToArray<float>()).ToArray();

        Assert.That(runs, Is.All.EqualTo(runs[0]));
    }

    [Test]
    public void Conv2d_FromManyThreadsAtOnce_GivesEveryoneTheSameBits()
    {
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var w = Tensor.FromDoubles(new OpInput([40, 20, 3, 3]).Generate(1), new TensorSpec([40, 20, 3, 3], DType.F32));
        var x = Tensor.FromDoubles(new OpInput([2, 20, 19, 21]).Generate(2), new TensorSpec([2, 20, 19, 21], DType.F32));
        var expected = x.Conv2d(w.Reshape([40, 20, 3, 3]), Padded).ToArray<float>();
        var fresh = Tensor.FromArray(w.ToArray<float>(), w.Shape);

        var results = new float[8][];
        var threads = Enumerable.Range(0, results.Length).Select(i => new Thread(() =>
        {
            using var own = new TensorScope();
            for (int run = 0; run < 20; run++)
                results[i] = x.Conv2d(fresh, Padded).ToArray<float>();
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();

        Assert.That(results, Is.All.EqualTo(expected));
    }

    [Test]
    public void Conv2d_OfNaN_SpoilsOnlyWhatSeesIt()
    {
        using var scope = new TensorScope();
        var values = new float[9 * 12 * 12];
        values[3 * 144 + 5 * 12 + 6] = float.NaN;
        var y = Tensor.FromArray(values, [1, 9, 12, 12]).Conv2d(Tensor.Ones([10, 9, 3, 3]), Padded).ToArray<float>();

        for (int i = 0; i < y.Length; i++)
        {
            int row = i / 12 % 12, column = i % 12;
            Assert.That(float.IsNaN(y[i]), Is.EqualTo(Math.Abs(row - 5) <= 1 && Math.Abs(column - 6) <= 1), $"element {i}");
        }
    }
}
