namespace ResNeSt.Tensors.Tests;

/// <summary>Gradients and values where definitions differ between libraries: ties, bounds, zeros. The rules are PyTorch's.</summary>
public sealed class OperatorSemanticsTests
{
    [Test]
    public void Max_WithTies_SharesTheGradientEqually()
    {
        Assert.That(Gradient(x => x.Max([1]), [1, 3, 3, 2, 5, 5, 5, 5], [2, 4]), Is.EqualTo(new[] { 0, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 0.25 }));
    }

    [Test]
    public void Clamp_AtItsBounds_HasGradientOne()
    {
        Assert.That(Gradient(x => x.Clamp(-1, 2), [-1.5, -1, 0, 2, 2.5], [5]), Is.EqualTo(new double[] { 0, 1, 1, 1, 0 }));
    }

    [Test]
    public void Kinks_AtZero_HaveTheAgreedGradients()
    {
        Assert.That(Gradient(x => x.Relu(), [0], [1]), Is.EqualTo(new double[] { 0 }));
        Assert.That(Gradient(x => x.Abs(), [0], [1]), Is.EqualTo(new double[] { 0 }));
        Assert.That(Gradient(x => x.LeakyRelu(0.2), [0], [1]), Is.EqualTo(new[] { 0.2 }));
        Assert.That(Gradient(x => x.Sign() + x.Floor(), [1.5], [1]), Is.EqualTo(new double[] { 0 }));
    }

    [Test]
    public void Maximum_OfEqualElements_HalvesTheGradient()
    {
        Assert.That(Gradient(x => x.Maximum(Of([1, 2, 3], [3])), [1, 1, 4], [3]), Is.EqualTo(new[] { 0.5, 0, 1 }));
        Assert.That(Gradient(x => x.Minimum(Of([1, 2, 3], [3])), [1, 1, 4], [3]), Is.EqualTo(new[] { 0.5, 1, 0 }));
    }

    [Test]
    public void Power_OfZero_HasFiniteGradients()
    {
        Assert.That(Gradient(x => x.Power(0), [0, 2], [2]), Is.EqualTo(new double[] { 0, 0 }));
        Assert.That(Gradient(x => x.Power(2), [0, 3], [2]), Is.EqualTo(new double[] { 0, 6 }));
        Assert.That(Gradient(x => Of([0, 0], [2]).Power(x), [2, 0], [2]), Is.EqualTo(new double[] { 0, 0 }));
    }

    [Test]
    public void Split_AndChunk_FollowTheExtent()
    {
        using var scope = new TensorScope();
        var x = Of([0, 1, 2, 3, 4], [5]);

        Assert.That(x.Chunk(2, 0).Select(t => t.Shape[0]), Is.EqualTo(new[] { 3, 2 }));
        Assert.That(x.Chunk(4, -1).Select(t => t.Shape[0]), Is.EqualTo(new[] { 2, 2, 1 }), "as PyTorch: the length is rounded up, fewer pieces come out");
        Assert.That(x.Split(0, 1, 4)[1].ToDoubles(), Is.EqualTo(new double[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void ShapeHelpers_MoveAxesOfOne()
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones([2, 1, 3], DType.F64, Device.Reference);

        Assert.That(x.Squeeze(1).Shape, Is.EqualTo(Shape.Create([2, 3])));
        Assert.That(x.Unsqueeze(-1).Shape, Is.EqualTo(Shape.Create([2, 1, 3, 1])));
        Assert.That(x.Unsqueeze(0).Shape, Is.EqualTo(Shape.Create([1, 2, 1, 3])));
        Assert.That(x.Flatten().Shape, Is.EqualTo(Shape.Create([2, 3])));
        Assert.That(x.Flatten(0).Shape, Is.EqualTo(Shape.Create([6])));
        Assert.That(() => x.Squeeze(2), Throws.TypeOf<ShapeException>().With.Message.StartsWith("squeeze: ").And.Message.Contains("[2,1,3]"));
    }

    [Test]
    public void SgdStep_WithNesterovMomentum_FollowsTheFormula()
    {
        using var scope = new TensorScope();
        var (parameter, buffer) = (Of([1, -2], [2]), Of([0.5, 0], [2]));

        parameter.SgdStep(buffer, Of([0.1, 0.2], [2]), new SgdStepOp(0.1, 0.9, 0.01, Nesterov: true));

        double[] g = [0.1 + 0.01, 0.2 - 0.02];
        double[] b = [0.45 + g[0], g[1]];
        Assert.That(buffer.ToDoubles(), Is.EqualTo(b).Within(1e-15));
        Assert.That(parameter.ToDoubles(), Is.EqualTo(new[] { 1 - 0.1 * (g[0] + 0.9 * b[0]), -2 - 0.1 * (g[1] + 0.9 * b[1]) }).Within(1e-15));
    }

    private static Tensor Of(double[] values, Shape shape) => Tensor.FromArray(values, shape, Device.Reference);

    private static double[] Gradient(Func<Tensor, Tensor> function, double[] values, Shape shape)
    {
        using var scope = new TensorScope();
        var x = Of(values, shape);
        x.RequiresGrad = true;
        function(x).Sum().Backward();
        return x.Grad!.ToDoubles();
    }
}
