using NUnit.Framework;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Conformance;

/// <summary>Nothing stays alive that nobody holds: after training, after exceptions, after in-place writes. Subclass it once per device.</summary>
[TestFixture]
public abstract class LifetimeConformance
{
    private int _aliveBefore;
    private int _leakedBefore;

    /// <summary>The device under test.</summary>
    protected abstract Device Device { get; }

    private Backend Backend => BackendRegistry.Get(Device);

    /// <summary>Registers the backend.</summary>
    [OneTimeSetUp]
    protected virtual void Register()
    {
    }

    [SetUp]
    public void Count()
    {
        CollectGarbage();
        _aliveBefore = Backend.LiveStorages;
        _leakedBefore = Backend.LeakedStorages;
    }

    [Test]
    public void Training_HundredSteps_LeavesNothingAlive()
    {
        double first = 0, last = 0;
        using (var net = new SmallNet(Device))
        {
            int alive = 0;
            for (int step = 0; step < 100; step++)
            {
                last = net.Step();
                if (step == 0)
                    (first, alive) = (last, Backend.LiveStorages);
                Assert.That(Backend.LiveStorages, Is.EqualTo(alive), $"storages after step {step}");
            }
        }

        Assert.That(last, Is.LessThan(0.5 * first), "the steps must train, or they prove nothing");
        AssertNothingLeft();
    }

    [Test]
    public void ExceptionInBackward_LeavesNothingAlive()
    {
        using (var net = new SmallNet(Device))
        {
            for (int i = 0; i < 3; i++)
                Assert.That(() => net.Step(failInBackward: true), Throws.InvalidOperationException.With.Message.EqualTo(FailingBackwardOp.Message));
            Assert.That(net.Step(), Is.Not.NaN, "the net still trains");
        }

        AssertNothingLeft();
    }

    [Test]
    public void ExceptionInForward_LeavesNothingAlive()
    {
        Assert.That(() =>
        {
            using var scope = new TensorScope();
            var x = Tensor.Ones([2, 3], DType.F32, Device);
            x.RequiresGrad = true;
            var y = (x * 2).Exp();
            _ = y + Tensor.Ones([2, 4], DType.F32, Device);
        }, Throws.InstanceOf<ShapeException>());
        AssertNothingLeft();
    }

    [Test]
    public void SecondOrderUse_OfAConsumedGraph_LeavesNothingAlive()
    {
        using (new TensorScope())
        {
            var x = Tensor.Ones([2, 3], DType.F32, Device);
            x.RequiresGrad = true;
            var shared = x.Exp();
            var (a, b) = ((shared * 2).Sum(), (shared * 3).Sum());
            a.Backward();
            Assert.That(() => b.Backward(), Throws.InvalidOperationException.With.Message.Contains("consumed"));
        }

        AssertNothingLeft();
    }

    [Test]
    public void InPlaceOp_BumpsTheVersionOfWhatItWrites()
    {
        using (new TensorScope())
        {
            var (parameter, buffer, gradient) = (Tensor.Ones([5], DType.F32, Device), Tensor.Zeros([5], DType.F32, Device), Tensor.Ones([5], DType.F32, Device));
            var before = (parameter.Storage.Version, buffer.Storage.Version, gradient.Storage.Version);

            parameter.SgdStep(buffer, gradient, new SgdStepOp(0.5, 0.9, 0, Nesterov: false));

            var after = (parameter.Storage.Version, buffer.Storage.Version, gradient.Storage.Version);
            Assert.That(after, Is.EqualTo((before.Item1 + 1, before.Item2 + 1, before.Item3)));
            Assert.That(parameter.ToArray<float>(), Is.All.EqualTo(0.5f));
        }

        AssertNothingLeft();
    }

    [Test]
    public void InPlaceOp_OnASavedTensor_MakesBackwardRefuse()
    {
        using (new TensorScope())
        {
            var weight = Tensor.Ones([5], DType.F32, Device);
            var x = Tensor.Ones([5], DType.F32, Device);
            x.RequiresGrad = true;
            var loss = (x * weight).Sum();
            weight.AssignLerp(Tensor.Zeros([5], DType.F32, Device), 0.5);

            Assert.That(() => loss.Backward(), Throws.InvalidOperationException.With.Message.Contains("overwritten"));
        }

        AssertNothingLeft();
    }

    [Test]
    public void InPlaceOp_OnALeafOfTheGraph_IsRefusedWhileRecording()
    {
        using (new TensorScope())
        {
            var x = Tensor.Ones([5], DType.F32, Device);
            x.RequiresGrad = true;
            var other = Tensor.Zeros([5], DType.F32, Device);

            Assert.That(() => x.AssignLerp(other, 0.5), Throws.InvalidOperationException.With.Message.Contains("GradMode.Off"));
            using (GradMode.Off())
                Assert.That(() => x.AssignLerp(other, 0.5), Throws.Nothing);
            Assert.That(x.ToArray<float>(), Is.All.EqualTo(0.5f));
        }

        AssertNothingLeft();
    }

    private static void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private void AssertNothingLeft()
    {
        Assert.That(Backend.LiveStorages, Is.EqualTo(_aliveBefore), "storages alive");
        CollectGarbage();
        Assert.That(Backend.LeakedStorages, Is.EqualTo(_leakedBefore), "storages that only the garbage collector freed");
    }
}
