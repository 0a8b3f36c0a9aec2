namespace ResNeSt.Kernels.Cpu.Tests;

public sealed class DropoutTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [TestCase(0.1)]
    [TestCase(0.5)]
    public void Dropout_OfManyOnes_DropsItsShareAndKeepsTheMean(double p)
    {
        using var scope = new TensorScope();
        const int Count = 200_000;

        var y = Tensor.Ones([Count]).Dropout(p, new Generator(4)).ToArray<float>();

        double deviation = Math.Sqrt(p * (1 - p) / Count);
        Assert.That(y.Count(v => v == 0) / (double)Count, Is.EqualTo(p).Within(5 * deviation));
        Assert.That(y.Where(v => v != 0), Is.All.EqualTo((float)(1 / (1 - p))));
    }

    [Test]
    public void Dropout_Backward_DropsWhatForwardDropped()
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones([1000]);
        x.RequiresGrad = true;

        var y = x.Dropout(0.4, new Generator(11));
        y.Sum().Backward();

        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(y.ToArray<float>()));
    }

    [Test]
    public void Dropout_FromOneGenerator_DiffersFromCallToCall()
    {
        using var scope = new TensorScope();
        var generator = new Generator(11);
        var x = Tensor.Ones([1000]);

        Assert.That(x.Dropout(0.5, generator).ToArray<float>(), Is.Not.EqualTo(x.Dropout(0.5, generator).ToArray<float>()));
    }
}
