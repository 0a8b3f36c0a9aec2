using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;
using ResNeSt.ThirdPartyBackend;

namespace ResNeSt.Tensors.Tests;

/// <summary>The suite finds what it is there to find: each test breaks one kernel in one way.</summary>
public sealed class ConformanceSelfTests
{
    private static readonly OpCase[] Cases = [.. CaseCatalog.Of("relu").Where(opCase => !opCase.Large)];

    [Test]
    public void WrongValue_IsFound() => Assert.That(With((x, y) => Relu(x, y, scale: 1.00001f)).Forward(Cases, DType.F32), Is.Not.Empty);

    [Test]
    public void NaN_IsFound() => Assert.That(With((x, y) => Relu(x, y, scale: float.NaN)).Forward(Cases, DType.F32), Is.Not.Empty);

    [Test]
    public void OverwrittenInput_IsFound() => Assert.That(
        With((x, y) =>
        {
            Relu(x, y);
            Floats(x).Clear();
        }).Forward(Cases, DType.F32),
        Has.Some.Contains("overwritten"));

    [Test]
    public void ResultThatDependsOnThreads_IsFound() => Assert.That(
        With((x, y) => Relu(x, y, scale: EngineSettings.Threads == 1 ? 1 : 1 + 1e-6f)).Bits(Cases), Has.Some.Contains("two threads"));

    [Test]
    public void ResultThatChangesFromRunToRun_IsFound()
    {
        int run = 0;
        Assert.That(With((x, y) => Relu(x, y, scale: 1 + 1e-7f * run++)).Bits(Cases), Has.Some.Contains("second run"));
    }

    [Test]
    public void LeakedStorage_IsFound() => Assert.That(
        With((x, y) =>
        {
            Relu(x, y);
            GC.KeepAlive(y.Backend.Allocate(64));
        }).Forward(Cases, DType.F32),
        Has.Some.Contains("storages alive"));

    [Test]
    public void ThrowingKernel_IsAFailureNotACrash() => Assert.That(
        With((_, _) => throw new InvalidOperationException("broken")).Forward(Cases, DType.F32), Has.Some.Contains("InvalidOperationException: broken"));

    [Test]
    public void RightKernel_Passes() => Assert.That(With((x, y) => Relu(x, y)).Forward(Cases, DType.F32), Is.Empty);

    [Test]
    public void FiniteDifferences_FindAWrongGradient()
    {
        var wrong = new OpCase("a gradient of 2.001 x", new WrongSquareOp(), [5]);
        Assert.That(GradientCheck.Failures(wrong), Is.Not.Empty);
        var large = new OpCase("found along a direction", new WrongSquareOp(), [500]);
        Assert.That(GradientCheck.Failures(large), Is.Not.Empty);
    }

    [Test]
    public void NaN_NeverPassesAComparison()
    {
        var loose = new Tolerance(1e9, 1e9, 1e9);
        Assert.That(Comparison.Difference([1], [double.NaN], loose), Is.Not.Null);
        Assert.That(Comparison.Difference([double.NaN], [1], loose), Is.Not.Null);
        Assert.That(Comparison.Difference([double.NaN], [double.NaN], loose), Is.Not.Null);
        Assert.That(Comparison.Difference([double.NaN], [double.NaN], loose, nanIsAValue: true), Is.Null);
        Assert.That(Comparison.Difference([1], [double.NaN], loose, nanIsAValue: true), Is.Not.Null);
        Assert.That(Comparison.Difference([double.PositiveInfinity], [1], loose), Is.Not.Null);
        Assert.That(Comparison.Difference([double.PositiveInfinity], [double.PositiveInfinity], default), Is.Null);
        Assert.That(Comparison.WorstError([1], [double.NaN]), Is.EqualTo(double.PositiveInfinity));
    }

    [Test]
    public void Tolerance_GrowsWithTheTermsAndTheRoundingOfItsType()
    {
        Assert.That(Tolerance.For(DType.F32, 10000).Absolute, Is.GreaterThan(Tolerance.For(DType.F32).Absolute));
        Assert.That(Tolerance.For(DType.BF16).Relative, Is.GreaterThan(Tolerance.For(DType.F16).Relative));
        Assert.That(Tolerance.For(DType.F32, 1000).Bound(0, 1), Is.LessThan(2e-5), "tight enough to notice a lost term");
        Assert.That(Tolerance.For(DType.I64), Is.EqualTo(Tolerance.Exact));
    }

    private static int _devices;

    /// <summary>The checks on a device of its own whose ReLU is the given one.</summary>
    private static BackendChecks With(Action<Tensor, Tensor> relu)
    {
        string kind = $"broken-{Interlocked.Increment(ref _devices)}";
        BackendRegistry.Register(kind, _ =>
        {
            var backend = ThirdPartyDevice.Create(new Device(kind));
            backend.Kernels.Add(new ReplacedRelu(relu));
            return backend;
        });
        return new BackendChecks(new Device(kind));
    }

    private static void Relu(Tensor x, Tensor y, float scale = 1)
    {
        var source = Floats(x);
        var target = Floats(y);
        for (int i = 0; i < target.Length; i++)
            target[i] = Math.Max(source[i], 0) * scale;
    }

    private static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.Storage.HostBytes);

    private sealed class ReplacedRelu(Action<Tensor, Tensor> relu) : Kernel<ReluOp>
    {
        protected override bool Supports(ReluOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

        protected override void Run(ReluOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => relu(inputs[0], outputs[0]);
    }

    /// <summary>x², with a gradient that is off by half a per mille.</summary>
    private sealed record WrongSquareOp : CompositeOp
    {
        public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];

        public override Tensor[] Define(ReadOnlySpan<Tensor> inputs) => OpDispatcher.Run(new WrongGradientOp(), inputs[0] * inputs[0], inputs[0]);

        private sealed record WrongGradientOp : ViewOp
        {
            public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];

            public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() * 1.0005);
        }
    }
}
