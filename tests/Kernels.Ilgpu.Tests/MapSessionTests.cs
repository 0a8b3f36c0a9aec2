using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Inference;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;
using Device = ResNeSt.Tensors.Device;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Compiled sessions that keep their maps in the format of the tensor cores, on a simulated device with warps of 32 whose copies to shared
/// memory arrive no sooner than they are waited for.</summary>
[TestFixture]
public sealed class MapSessionTests
{
    private const string Twin = "ilgpu-cpu:1";

    [OneTimeSetUp]
    public void Register() => OtherDevices.Register();

    /// <summary>Small integers are exact in F16 and so are their sums: a piece, a lane or a pixel in the wrong place shows.</summary>
    [Test]
    public void Convolution_OfIntegers_IsExact() => CheckExact(Twin, GemmVariant.Tensor64, GpuPrecision.F16, Strided);

    [Test, Category("Long")]
    public void Convolutions_OfIntegers_AreExact([Values(GpuPrecision.TF32, GpuPrecision.F16)] GpuPrecision precision) =>
        CheckExact(Twin, GemmVariant.Tensor64, precision, [.. Cases]);

    [Test, Category("Long")]
    public void LargeTile_OfIntegers_IsExact() => CheckExact(
        OtherDevices.Wide, GemmVariant.Tensor128, GpuPrecision.F16,
        Case("3x3 over two tiles each way", ConvGeometry.Of(padding: 1), default, new(ActivationKind.Relu, false, 2), [2, 8, 9, 10], [136, 8, 3, 3]));

    [Test, Category("Long")]
    public void Session_OfASmallResNeSt_MatchesDoublePrecision([Values(GpuPrecision.TF32, GpuPrecision.F16, GpuPrecision.BF16)] GpuPrecision precision) =>
        CheckNetwork(Twin, GemmVariant.Tensor64, precision);

    /// <summary>A small network as a session, against double precision.</summary>
    internal static void CheckNetwork(Device device, GemmVariant variant, GpuPrecision precision)
    {
        With(device, variant, precision, () => SmallResNeSt.CheckSession(
            SmallResNeSt.Options(16, 16, 16, 16), device, size => (precision == GpuPrecision.BF16 ? 4e-2 : 5e-3) * size,
            session => Assert.That(session.Steps.Count(step => step.Name.StartsWith("conv ", StringComparison.Ordinal)), Is.GreaterThan(10), "most convolutions work on maps")));
    }

    /// <summary>A map of F16 has half the bytes of the tensor that the graph has there, and whole pieces: the bytes by which steps are judged.</summary>
    [Test]
    public void Steps_CountTheBytesOfTheirMaps() => OtherDevices.With(Twin, GemmVariant.Tensor64, GpuPrecision.F16, () => SmallResNeSt.Compile(SmallResNeSt.Options(16, 16, 16, 16), Twin, session =>
    {
        var entry = session.Steps.First(step => step.Name == "dense to f16 map");
        Assert.That(entry.Cost, Is.EqualTo(new OpCost(0, BytesRead: 4 * 2 * 3 * 32 * 32, BytesWritten: 16 * 2 * 32 * 32)), "three channels are one piece");
        var stem = session.Steps.First(step => step.Name.StartsWith("conv ", StringComparison.Ordinal));
        Assert.That(stem.Cost.BytesRead, Is.EqualTo(entry.Cost.BytesWritten + stem.WeightBytes));
        Assert.That(stem.Cost.BytesWritten, Is.EqualTo(16 * 2 * 16 * 16), "eight channels at half the resolution");
        Assert.That(stem.Cost.Flops, Is.GreaterThan(2L * 2 * 16 * 16 * 8 * 27 - 1));
    }));

    /// <summary>The twin brings bytes when they are waited for and not before: a kernel that forgot to wait would read NaN.</summary>
    [Test]
    public void CopiesOfTheTwin_ThatNobodyWaitedFor_ReadAsNaN()
    {
        var queue = ((IlgpuBackend)BackendRegistry.Get(Twin)).Queue;
        using var scope = new TensorScope();
        var source = Tensor.Ones([4 * 2 * TensorTile64.Threads], DType.F32, Twin);
        var seen = Tensor.Zeros([2 * TensorTile64.Threads], DType.F32, Twin);
        queue.Launch(CopyProbe, (1, TensorTile64.Threads), source.Elements<Word4>(), seen.Floats);
        float[] values = seen.ToArray<float>();
        Assert.That(values.Take(TensorTile64.Threads), Is.All.EqualTo(1f), "waited for");
        Assert.That(values.Skip(TensorTile64.Threads), Is.All.NaN, "under way");
    }

    private static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<Word4>, ArrayView<float>>> CopyProbe =
        GpuKernel.Define<ArrayView<Word4>, ArrayView<float>>("test.copy-probe", TensorTile64.Threads, CopyTwice);

    // Two groups of one copy a thread, of which only the first is waited for.
    private static void CopyTwice(ArrayView<Word4> source, ArrayView<float> seen)
    {
        int thread = Group.IdxX;
        var shared = SharedMemory.Allocate<Word4>(2 * TensorTile64.Threads);
        var twin = default(TensorTwin);
        twin.Open<TensorTile64>(shared);
        twin.OpenCopies<TensorTile64>(source, 0, source, 0);
        twin.CopyOrClear(16u * (uint)thread, thread, 16);
        twin.Commit();
        twin.Copy(16u * (uint)(thread + TensorTile64.Threads), thread + TensorTile64.Threads);
        twin.Commit();
        twin.WaitForAllButOne();
        Group.Barrier();
        seen[thread] = Interop.IntAsFloat(shared[thread].X);
        seen[thread + TensorTile64.Threads] = Interop.IntAsFloat(shared[thread + TensorTile64.Threads].W);
    }

    /// <summary>Tile edges, groups, cut sums, and all that happens before and after the products.</summary>
    internal static IEnumerable<OpCase> Cases =>
    [
        Strided,
        Case("pointwise, more columns than a tile", ConvGeometry.Of(), default, default, [1, 16, 5, 7], [72, 16, 1, 1]),
        Case("residual and ReLU", ConvGeometry.Of(padding: 1), default, new(ActivationKind.Relu, true, 0), [2, 8, 5, 3], [24, 8, 3, 3]),
        Case("groups, sums of two images in a part", ConvGeometry.Of(padding: 1, groups: 2), default, new(ActivationKind.Relu, false, 2), [3, 16, 7, 7], [32, 8, 3, 3]),
        Case("plane of several parts", ConvGeometry.Of(), default, new(ActivationKind.None, false, 1), [2, 8, 12, 12], [8, 8, 1, 1]),
        Case("many images in a part", ConvGeometry.Of(), default, new(ActivationKind.None, false, 1), [9, 8, 2, 2], [8, 8, 1, 1]),
        Case("sums cut, residual, mean", ConvGeometry.Of(padding: 1), default, new(ActivationKind.Relu, true, 2), [1, 64, 4, 4], [16, 64, 3, 3]),
        Case("attention", ConvGeometry.Of(), new(2, null), new(ActivationKind.Relu, false, 0), [2, 16, 4, 6], [8, 8, 1, 1]),
        Case("attention and pool", ConvGeometry.Of(), new(2, new AvgPool2dOp(PoolGeometry.Of(2), true, 0)), default, [2, 16, 4, 6], [8, 8, 1, 1]),
        Case("pool", ConvGeometry.Of(), new(0, new AvgPool2dOp(PoolGeometry.Of(2), true, 0)), default, [2, 8, 6, 4], [8, 8, 1, 1]),
        Case("dilated 5x5", ConvGeometry.Of(padding: 4, dilation: 2), default, default, [1, 8, 9, 9], [8, 8, 5, 5]),
    ];

    private static OpCase Strided =>
        Case("3x3, stride 2, groups, mean of splits", ConvGeometry.Of(stride: 2, padding: 1, groups: 2), default, new(ActivationKind.Relu, false, 2), [2, 16, 8, 9], [16, 8, 3, 3]);

    /// <summary>Sessions of one convolution each on small integers, which are exact and so are their sums.</summary>
    internal static void CheckExact(Device device, GemmVariant variant, GpuPrecision precision, params OpCase[] cases) => With(device, variant, precision, () =>
    {
        foreach (var opCase in cases)
        {
            var values = CaseRun.InputValues(opCase, DType.F32);
            var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values);
            var (y, mean) = RunSession(device, opCase, values, expected.Specs);
            Assert.That(y, Is.EqualTo(expected.Outputs[0]), $"{precision} {opCase}");
            if (mean is not null)
                Assert.That(mean, Is.EqualTo(expected.Outputs[1]).Within(1e-4), $"{precision} {opCase}: mean");
        }
    });

    /// <summary>A session of one convolution with constant weights and bias.</summary>
    private static (double[] Output, double[]? Mean) RunSession(Device device, OpCase opCase, double[][] values, TensorSpec[] outputSpecs)
    {
        using var scope = new TensorScope();
        using var workspace = new GraphWorkspace(device);
        var specs = opCase.Specs(DType.F32);
        var inputs = specs.Select((spec, i) => new GraphValue(
            spec, $"x{i}", i is 1 or 2 ? new GraphConstant(Tensor.FromDoubles(values[i], spec, device)) : null)).ToArray();
        var outputs = outputSpecs.Select((spec, i) => new GraphValue(new TensorSpec(spec.Shape, DType.F32), $"y{i}")).ToArray();
        GraphValue[] given = [.. inputs.Where(value => value.Constant is null)];
        var graph = new Graph([new GraphNode(opCase.Op, inputs, outputs)], given, outputs);
        using var session = InferenceSession.Compile(graph, workspace, new InferenceOptions { Device = device });
        Assert.That(session.Steps.Select(step => step.Name), Has.Some.StartsWith("conv "), opCase.ToString());
        var tensors = given.Select(value => Tensor.FromDoubles(values[Array.IndexOf(inputs, value)], value.Spec, device)).ToArray();
        var results = session.Run(tensors);
        return (results[0].ToDoubles(), results.Length > 1 ? results[1].ToDoubles() : null);
    }

    private static void With(Device device, GemmVariant variant, GpuPrecision precision, Action test)
    {
        OtherDevices.With(device, variant, precision, test);
        OtherDevices.AssertUsed(device, $"map.conv.{precision.ToString().ToLowerInvariant()}.tile{(variant == GemmVariant.Tensor128 ? 128 : 64)}");
    }

    private static OpCase Case(string name, ConvGeometry geometry, ConvPrologue prologue, ConvEpilogue epilogue, Shape x, Shape w)
    {
        var op = new FusedConv2dOp(geometry, prologue, epilogue);
        Shape bias = [w[0]], attention = [x[0], x[1]];
        var shapes = new List<Shape> { x, w, bias };
        if (prologue.AttentionRadix > 0)
            shapes.Add(attention);
        if (epilogue.Residual)
            shapes.Add([x[0], w[0], geometry.OutputHeight(x[2], w[2]), geometry.OutputWidth(x[3], w[3])]);
        return new(name, op, [.. shapes.Select(shape => new OpInput(shape, InputValues.SmallIntegers))]);
    }
}
