using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Tests;

public sealed class BackpropagationTests
{
    private static readonly Device Device = Device.Reference;

    [Test]
    public void Backward_OfProductWithBroadcast_SumsOverTheRepeatedAxis()
    {
        using var scope = new TensorScope();
        var a = Tensor.FromArray<double>([1, 2, 3, 4, 5, 6], [2, 3], Device);
        var b = Tensor.FromArray<double>([10, 20, 30], [3], Device);
        a.RequiresGrad = b.RequiresGrad = true;

        (a * b).Sum().Backward();

        Assert.That(a.Grad!.ToArray<double>(), Is.EqualTo(new double[] { 10, 20, 30, 10, 20, 30 }));
        Assert.That(b.Grad!.ToArray<double>(), Is.EqualTo(new double[] { 5, 7, 9 }));
    }

    [Test]
    public void Backward_ThroughSharedUses_AddsTheirGradients()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromArray<double>([3], [1], Device);
        x.RequiresGrad = true;

        var y = x * x + x;
        (y + y).Sum().Backward();

        Assert.That(x.Grad!.Item(), Is.EqualTo(14));
    }

    [Test]
    public void Backward_Twice_SaysThatTheGraphIsConsumed()
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones([2], DType.F64, Device);
        x.RequiresGrad = true;
        var y = (x * x).Sum();
        y.Backward();

        Assert.That(() => y.Backward(), Throws.InvalidOperationException.With.Message.Contains("consumed"));
    }

    [Test]
    public void Backward_AfterOverwritingASavedInput_Refuses()
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones([2], DType.F64, Device);
        x.RequiresGrad = true;
        var w = Tensor.Ones([2], DType.F64, Device);
        var y = (x * w).Sum();
        w.Assign(Tensor.Zeros([2], DType.F64, Device));

        Assert.That(() => y.Backward(), Throws.InvalidOperationException.With.Message.Contains("overwritten"));
    }

    [Test]
    public void Scope_WithRecordedGraphNeverDifferentiated_FreesEverySavedTensor()
    {
        var backend = BackendRegistry.Get(Device);
        int before = backend.LiveStorages;
        using (new TensorScope())
        {
            var x = Tensor.Ones([4], DType.F64, Device);
            x.RequiresGrad = true;
            var y = x;
            for (int i = 0; i < 50; i++)
                y = y * y + x;
        }

        Assert.That(backend.LiveStorages, Is.EqualTo(before));
    }

    [Test]
    public void Keep_HandsATensorToTheOuterScope()
    {
        var backend = BackendRegistry.Get(Device);
        int before = backend.LiveStorages;
        using (var outer = new TensorScope())
        {
            Tensor kept;
            using (var inner = new TensorScope())
                kept = inner.Keep(Tensor.Ones([1], DType.F64, Device) + 1);
            Assert.That(kept.Item(), Is.EqualTo(2));
        }

        Assert.That(backend.LiveStorages, Is.EqualTo(before));
    }

    [Test]
    public void Gradients_OfTwoOutputs_ComeWithoutTouchingGrad()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromArray<double>([2, 3], [2], Device);
        x.RequiresGrad = true;

        var gradients = Backpropagation.Gradients(
            [x * 3, x * x], [Tensor.Ones([2], DType.F64, Device), Tensor.Ones([2], DType.F64, Device)], [x]);

        Assert.That(gradients[0]!.ToArray<double>(), Is.EqualTo(new double[] { 7, 9 }));
        Assert.That(x.Grad, Is.Null);
    }
}
