using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Nn.Tests;

/// <summary>The tree of modules: names, order, modes, memory.</summary>
[TestFixture]
public sealed class ModuleTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void NamedState_Nested_IsInStateDictOrder()
    {
        // PyTorch: own parameters, own buffers, then each child's.
        var net = new Sequential { { "1", new Conv2d(3, 8, 1) }, { "4", new Sequential { new BatchNorm2d(8), new Relu(), new Linear(8, 2) } } };
        Assert.That(net.NamedState().Select(entry => entry.Name), Is.EqualTo(new[]
        {
            "1.weight", "1.bias",
            "4.0.weight", "4.0.bias", "4.0.running_mean", "4.0.running_var", "4.0.num_batches_tracked",
            "4.2.weight", "4.2.bias",
        }));
        Assert.That(net.NamedParameters().Select(entry => entry.Name), Is.EqualTo(new[] { "1.weight", "1.bias", "4.0.weight", "4.0.bias", "4.2.weight", "4.2.bias" }));
        Assert.That(net.NamedBuffers().Select(entry => entry.Name), Is.EqualTo(new[] { "4.0.running_mean", "4.0.running_var", "4.0.num_batches_tracked" }));
        Assert.That(net.NamedModules().Select(entry => entry.Name), Is.EqualTo(new[] { "", "1", "4", "4.0", "4.1", "4.2" }));
        Assert.That(net.ParameterCount(), Is.EqualTo(8 * 3 + 8 + 8 + 8 + 16 + 2));
    }

    [Test]
    public void Shapes_BeforeMaterialize_NeedNoMemory()
    {
        // A hundred million parameters, listed only.
        using var net = new Sequential { new Linear(10000, 10000) };
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(net.NamedState().Select(entry => (entry.Name, entry.State.Shape.ToString())), Is.EqualTo(new[] { ("0.weight", "[10000,10000]"), ("0.bias", "[10000]") }));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000_000));
        Assert.That(net.IsMaterialized, Is.False);
    }

    [Test]
    public void Forward_OnMeta_TellsShapesWithoutValues()
    {
        using var scope = new TensorScope();
        using var net = TestNets.Small();
        Assert.That(net.Forward(Tensor.Zeros([5, 2, 8, 8], DType.F32, Device.Meta)).Spec.ToString(), Is.EqualTo("F32[5,3]"));
    }

    [Test]
    public void Forward_BeforeMaterialize_SaysWhatToCall()
    {
        using var scope = new TensorScope();
        using var net = TestNets.Small();
        Assert.That(() => net.Forward(Tensor.Zeros([1, 2, 8, 8])), Throws.InvalidOperationException
            .With.Message.Contains("'weight' [4,2,3,3]").And.Message.Contains("Materialize"));
    }

    [Test]
    public void Materialize_SameSeed_GivesTheSameValues()
    {
        using var scope = new TensorScope();
        using Sequential first = TestNets.Small("cpu", seed: 9), second = TestNets.Small("cpu", seed: 9), other = TestNets.Small("cpu", seed: 10);
        var x = TestNets.Random([2, 2, 8, 8], "cpu");
        Assert.That(first.Forward(x).ToDoubles(), Is.EqualTo(second.Forward(x).ToDoubles()));
        Assert.That(first.Forward(x).ToDoubles(), Is.Not.EqualTo(other.Forward(x).ToDoubles()));
    }

    [Test]
    public void Parameters_AreLeavesOutsideOfScopes()
    {
        Sequential net;
        using (new TensorScope())
            net = TestNets.Small("cpu");
        using (net)
        {
            foreach (var (_, parameter) in net.NamedParameters())
            {
                Assert.That(parameter.Value.IsDisposed, Is.False);
                Assert.That(parameter.Value.RequiresGrad && parameter.Value.IsLeaf, Is.True);
            }
        }
    }

    [Test]
    public void DoublePrecisionOnReference_AgreesWithSingleOnCpu()
    {
        using var scope = new TensorScope();
        using Sequential single = TestNets.Small("cpu"), twice = TestNets.Small("cpu");
        twice.ToDevice("reference", DType.F64);
        Assert.That(twice.NamedBuffers().Select(entry => entry.Value.DType), Is.EqualTo(new[] { DType.F64, DType.F64, DType.I64 }));
        single.Eval();
        twice.Eval();
        var x = TestNets.Random([2, 2, 8, 8], "cpu");
        var expected = twice.Forward(x.To("reference").Cast(DType.F64));
        Assert.That(expected.DType, Is.EqualTo(DType.F64));
        Assert.That(single.Forward(x).ToDoubles(), Is.EqualTo(expected.ToDoubles()).Within(1e-6));
    }

    [Test]
    public void ToDevice_ThereAndBack_KeepsValuesAndGradientSwitch()
    {
        using var scope = new TensorScope();
        using var net = TestNets.Small("cpu");
        net.NamedParameters().First().Parameter.RequiresGrad = false;
        var before = net.NamedState().Select(entry => entry.State.Value.ToDoubles()).ToArray();
        net.ToDevice("reference", DType.F64);
        net.ToDevice("cpu", DType.F32);
        Assert.That(net.NamedState().Select(entry => entry.State.Value.ToDoubles()), Is.EqualTo(before));
        Assert.That(net.NamedParameters().Select(entry => entry.Parameter.Value.RequiresGrad), Is.EqualTo(new[] { false, true, true, true, true }));
    }

    [Test]
    public void TrainEval_ReachEveryModule()
    {
        var net = new Sequential { new Sequential { new BatchNorm2d(2) } };
        Assert.That(net.NamedModules().All(entry => entry.Module.Training), Is.True);
        net.Eval();
        Assert.That(net.NamedModules().Any(entry => entry.Module.Training), Is.False);
        net.Train();
        Assert.That(net.NamedModules().All(entry => entry.Module.Training), Is.True);
    }

    [Test]
    public void Freeze_PartOfTheNetwork_LeavesItsGradientsNull()
    {
        using var scope = new TensorScope();
        using var net = TestNets.Small("cpu");
        net[0].Freeze();
        new CrossEntropyLoss().Forward(net.Forward(TestNets.Random([4, 2, 8, 8], "cpu")), Tensor.FromArray(new long[] { 0, 1, 2, 0 }, [4])).Backward();
        Assert.That(net.NamedParameters().Select(entry => entry.Parameter.Grad is null), Is.EqualTo(new[] { true, false, false, false, false }));
        net.ZeroGrad();
        Assert.That(net.NamedParameters().All(entry => entry.Parameter.Grad is null), Is.True);
        net.Unfreeze();
        Assert.That(net.NamedParameters().All(entry => entry.Parameter.RequiresGrad), Is.True);
    }

    [Test]
    public void HundredTrainingSteps_LeaveNoStorageBehind()
    {
        var backend = BackendRegistry.Get("cpu");
        // What other tests dropped must not be counted here.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        int before = backend.LiveStorages, leaked = backend.LeakedStorages;
        using (var net = TestNets.Small("cpu"))
        {
            int withNet = backend.LiveStorages;
            var loss = new CrossEntropyLoss(0.1);
            double first = 0, last = 0;
            for (int step = 0; step < 100; step++)
            {
                using var scope = new TensorScope();
                var value = loss.Forward(net.Forward(TestNets.Random([6, 2, 8, 8], "cpu")), Tensor.FromArray(new long[] { 0, 1, 2, 0, 1, 2 }, [6]));
                value.Backward();
                using (GradMode.Off())
                {
                    foreach (var (_, parameter) in net.NamedParameters())
                        OpDispatcher.Run(new AssignLerpOp(0.5), parameter.Value, parameter.Value - parameter.Grad!);
                }

                net.ZeroGrad();
                last = value.Item();
                first = step == 0 ? last : first;
            }

            Assert.That(last, Is.LessThan(0.9 * first), "the network did not learn its six pictures");
            Assert.That(backend.LiveStorages, Is.EqualTo(withNet));
        }

        Assert.That((backend.LiveStorages, backend.LeakedStorages), Is.EqualTo((before, leaked)));
    }

    [Test]
    public void Names_EmptyDottedOrTaken_AreRefused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new Sequential().Add("", new Relu()), Throws.ArgumentException);
            Assert.That(() => new Sequential().Add("a.b", new Relu()), Throws.ArgumentException.With.Message.Contains("'a.b'"));
            Assert.That(() => new Sequential { { "0", new Relu() }, { "0", new Relu() } }, Throws.ArgumentException.With.Message.Contains("'0'"));
        });
    }
}
