using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Operators that could run by their definition run by kernels of their own.</summary>
[TestFixture]
public sealed class FusedLaunchTests
{
    private const string Simulated = "ilgpu-cpu";

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    /// <summary>What is worth a kernel on the CPU is worth one on a GPU.</summary>
    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Operator_WithAKernelOnTheCpu_HasOneHere(string op)
    {
        using var cpu = new CpuBackend();
        var gpu = BackendRegistry.Get(Simulated);
        Assert.That(Has(gpu) || !Has(cpu));

        bool Has(Backend backend) => CaseCatalog.Of(op).Any(opCase => backend.FindKernel(opCase.Op, opCase.Specs(DType.F32)) is not null);
    }

    [TestCase("batch_norm_train_relu", "batch-norm.moments", "batch-norm.statistics", "batch-norm.normalize")]
    [TestCase("batch_norm_train_relu_grad", "batch-norm.grad-sums", "batch-norm.parameter-grads", "batch-norm.input-grad")]
    [TestCase("group_norm", "batch-norm.moments", "batch-norm.statistics", "row-norm.normalize")]
    [TestCase("layer_norm", "batch-norm.moments", "batch-norm.statistics", "row-norm.normalize")]
    [TestCase("deform_sample", "deform-sample")]
    [TestCase("deform_sample_input_grad", "deform-sample.sort", "deform-sample.input-grad")]
    [TestCase("deform_sample_offset_grad", "deform-sample.offset-grad")]
    [TestCase("local_aggregation", "local-aggregation")]
    [TestCase("local_aggregation_value_grad", "local-aggregation.value-grad")]
    [TestCase("local_aggregation_weight_grad", "local-aggregation.weight-grad")]
    [TestCase("adam_w_step", "adam-w-step")]
    public void Operator_OfSeveralSteps_LaunchesItsKernelsAndNoOthers(string op, params string[] kernels)
    {
        foreach (var opCase in CaseCatalog.Of(op).Where(opCase => !opCase.Large && opCase.Inputs.All(input => input.Shape.ElementCount > 0)))
        {
            var backend = (IlgpuBackend)BackendRegistry.Get(Simulated);
            using var profile = backend.StartProfile();
            _ = CaseRun.On(Simulated, opCase, DType.F32, CaseRun.InputValues(opCase, DType.F32));
            var launches = profile.Read().Where(row => !row.Name.StartsWith("memory.", StringComparison.Ordinal));
            Assert.That(launches.Select(row => (row.Name, row.Launches)), Is.EquivalentTo(kernels.Select(kernel => (kernel, 1))), opCase.ToString());
        }
    }

    /// <summary>A mean is a sum whose last launch divides.</summary>
    [Test]
    public void Mean_OfOneLaunch_LaunchesTheSumAlone()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(3, [4, 8, 2], DType.F32, Simulated);
        using var profile = ((IlgpuBackend)BackendRegistry.Get(Simulated)).StartProfile();
        var mean = x.Mean([1, 2]);
        string[] launches = [.. profile.Read().Select(row => row.Name)];
        Assert.That(launches, Has.Length.EqualTo(1).And.All.StartsWith("reduce.sum-reduction."));
        Assert.That(mean.ToArray<float>(), Has.All.EqualTo(3));
    }
}
