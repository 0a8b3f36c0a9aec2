using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training.Tests;

/// <summary>DropBlock and drop path.</summary>
public sealed class DropTests
{
    [Test]
    public void DropBlock_InTraining_ClearsBlocksForAllSamplesAndKeepsTheSum()
    {
        using var scope = new TensorScope();
        var drop = new DropBlock2d(0.3) { Generator = new Generator(4) };
        float[] y = drop.Forward(Tensor.Ones([2, 64, 12, 10], device: Device.Reference)).ToArray<float>();
        Assert.That(y[..(y.Length / 2)], Is.EqualTo(y[(y.Length / 2)..]), "one mask for the batch");
        Assert.That(y.Average(), Is.EqualTo(1).Within(1e-5), "scaled by what is left");
        // γ = 0.05; a value goes with any of the seeds around it: nine inside, six at the edges, four in the corners.
        double expected = (80 * (1 - Math.Pow(0.95, 9)) + 36 * (1 - Math.Pow(0.95, 6)) + 4 * (1 - Math.Pow(0.95, 4))) / 120;
        Assert.That(y.Count(value => value == 0) / (double)y.Length, Is.EqualTo(expected).Within(0.05));
        for (int plane = 0; plane < 64; plane++)
        {
            // Each zero lies in a 3x3 block (cut at the border) of zeros.
            bool Zero(int row, int column) => row is < 0 or >= 12 || column is < 0 or >= 10 || y[(plane * 12 + row) * 10 + column] == 0;
            for (int i = 0; i < 120; i++)
            {
                int row = i / 10, column = i % 10;
                if (!Zero(row, column))
                    continue;
                bool inBlock = Enumerable.Range(0, 9).Any(k => Enumerable.Range(0, 9).All(j => Zero(row + k / 3 - 1 + j / 3 - 1, column + k % 3 - 1 + j % 3 - 1)));
                Assert.That(inBlock, $"plane {plane}, {row}, {column}");
            }
        }
    }

    [Test]
    public void DropBlock_InEvaluationOrOnMapsBelowABlock_ChangesNothing()
    {
        using var scope = new TensorScope();
        var drop = new DropBlock2d(0.9) { Generator = new Generator(4) };
        var small = Tensor.Ones([1, 3, 2, 9], device: Device.Reference);
        Assert.That(drop.Forward(small), Is.SameAs(small));
        drop.Eval();
        var large = Tensor.Ones([1, 3, 9, 9], device: Device.Reference);
        Assert.That(drop.Forward(large), Is.SameAs(large));
        Assert.That(() => drop.P = 1, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DropBlock2d(0.1, 4), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void DropPath_InTraining_DropsWholeSamplesAndScalesTheOthers()
    {
        using var scope = new TensorScope();
        var drop = new DropPath(0.25) { Generator = new Generator(2) };
        var x = Tensor.Ones([4000, 2, 1, 2], device: Device.Reference);
        x.RequiresGrad = true;
        var output = drop.Forward(x);
        float[] y = output.ToArray<float>();
        Assert.That(y.Chunk(4), Has.All.Matches<float[]>(sample => sample!.Distinct().Count() == 1));
        Assert.That(y.Distinct(), Is.EquivalentTo(new[] { 0f, 4f / 3 }));
        Assert.That(y.Count(value => value == 0) / (double)y.Length, Is.EqualTo(0.25).Within(0.03));
        output.Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(y), "the gradient goes where the values went");
        drop.Eval();
        Assert.That(drop.Forward(x), Is.SameAs(x));
    }

    [Test]
    public void Drops_WithoutAGenerator_SayWhatToDo()
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones([2, 3, 9, 9], device: Device.Reference);
        foreach (var drop in (Module[])[new DropBlock2d(0.1), new DropPath(0.1)])
            Assert.That(() => drop.Forward(x), Throws.InvalidOperationException.With.Message.Contains("SetGenerator"));
    }
}
