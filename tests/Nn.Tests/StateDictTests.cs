using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Nn.Tests;

/// <summary>Taking a module's state out and putting it into another.</summary>
[TestFixture]
public sealed class StateDictTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Load_StateOfAnother_MakesThemEqual()
    {
        using var scope = new TensorScope();
        using Sequential source = TestNets.Small("cpu", seed: 1), target = TestNets.Small();
        source.Forward(TestNets.Random([4, 2, 8, 8], "cpu"));
        target.MaterializeEmpty("cpu");
        using var state = source.StateDict();
        var report = target.Load(state);
        Assert.That(report.IsExact, Is.True);
        Assert.That(report.Loaded, Is.EqualTo(source.NamedState().Select(entry => entry.Name)));
        source.Eval();
        target.Eval();
        var x = TestNets.Random([1, 2, 8, 8], "cpu");
        Assert.That(target.Forward(x).ToDoubles(), Is.EqualTo(source.Forward(x).ToDoubles()));
    }

    [Test]
    public void Load_OtherTypeAndDevice_Converts()
    {
        using var scope = new TensorScope();
        using Sequential source = TestNets.Small("cpu"), target = TestNets.Small("reference", DType.F64, 2);
        using var state = source.StateDict();
        target.Load(state);
        Assert.That(target.NamedState().Select(entry => entry.State.Value.ToDoubles()), Is.EqualTo(source.NamedState().Select(entry => entry.State.Value.ToDoubles())));
        using var back = target.StateDict();
        source.Load(back);
        Assert.That(source.NamedParameters().First().Parameter.Value.DType, Is.EqualTo(DType.F32));
    }

    [Test]
    public void Load_StrictMismatch_SaysEverythingAndChangesNothing()
    {
        using var scope = new TensorScope();
        using var net = TestNets.Small("cpu");
        using var state = net.StateDict().Clone();
        using var strange = new StateDict();
        foreach (var (name, value) in state)
        {
            if (name != "0.weight" && name != "5.weight")
                strange.Add(name, (value.DType.IsFloatingPoint ? value * 0 : value).Detach());
        }

        strange.Add("5.weight", Tensor.Zeros([1000, 4]));
        strange.Add("head.weight", Tensor.Zeros([1]));
        var error = Assert.Throws<StateDictException>(() => net.Load(strange));
        Assert.That(error!.Message, Does.Contain("1 missing (0.weight)").And.Contain("1 unexpected (head.weight)")
            .And.Contain("1 of another shape (5.weight: module [3,4], source [1000,4])").And.Not.Contain("\n"));
        Assert.That(net.NamedState().Select(entry => entry.State.Value.ToDoubles()), Is.EqualTo(state.Select(entry => entry.Value.ToDoubles())));

        var report = net.Load(strange, strict: false);
        Assert.That((report.Loaded.Count, report.Missing.Count, report.Unexpected.Count, report.WrongShape.Count), Is.EqualTo((6, 1, 1, 1)));
        Assert.That(net.NamedParameters().Single(entry => entry.Name == "1.weight").Parameter.Value.ToDoubles(), Has.All.Zero);
    }

    [Test]
    public void Load_WithoutBatchCounter_IsExact()
    {
        using var scope = new TensorScope();
        using Sequential source = TestNets.Small("cpu"), target = TestNets.Small();
        target.MaterializeEmpty("cpu");
        using StateDict full = source.StateDict(), state = new StateDict();
        foreach (var (name, value) in full)
        {
            if (!name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                state.Add(name, value.Detach());
        }

        Assert.That(target.Load(state).IsExact, Is.True);
        Assert.That(target.NamedBuffers().Last().Value.Item(), Is.Zero);
    }

    [Test]
    public void Load_BeforeMaterialize_SaysWhatToCall()
    {
        using var scope = new TensorScope();
        using Sequential source = TestNets.Small("cpu"), target = TestNets.Small();
        using var state = source.StateDict();
        Assert.That(() => target.Load(state), Throws.InvalidOperationException.With.Message.Contains("'0.weight'").And.Message.Contains("MaterializeEmpty"));
    }

    [Test]
    public void Clone_LaterTraining_DoesNotChangeIt()
    {
        using var scope = new TensorScope();
        using var norm = new BatchNorm2d(3);
        norm.Materialize("cpu", DType.F32, new Generator(1));
        using var shared = norm.StateDict();
        using var copy = shared.Clone();
        norm.Forward(TestNets.Random([4, 3, 2, 2], "cpu"));
        Assert.That(copy["running_mean"].ToDoubles(), Has.All.Zero);
        Assert.That(copy["num_batches_tracked"].Item(), Is.Zero);
        Assert.That(shared["running_mean"].ToDoubles(), Has.None.Zero);
        Assert.That(shared["num_batches_tracked"].Item(), Is.EqualTo(1));
    }

    [Test]
    public void Add_SameNameTwice_IsRefused()
    {
        using var scope = new TensorScope();
        using var state = new StateDict();
        state.Add("a", Tensor.Zeros([1]));
        Assert.That(() => state.Add("a", Tensor.Zeros([1])), Throws.ArgumentException);
        Assert.That(() => state["b"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("'b'"));
    }
}
