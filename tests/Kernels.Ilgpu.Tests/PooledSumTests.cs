using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Convolutions of dense tensors whose mean over the plane is taken while they are stored: small integers, whose sums are exact, so that a pixel
/// too many or too few shows; and the kernels that ran, so that nothing reads the output again unnoticed.</summary>
[TestFixture]
public sealed class PooledSumTests
{
    private const string Parts = "conv.pool-parts", Tail = "conv.fused.tail-sums", Again = "radix-sum-pool";

    [OneTimeSetUp]
    public void Register() => OtherDevices.Register();

    [Test]
    public void PlainTile_WithPooledSums_IsExact([Values("ilgpu-cpu", "ilgpu-cpu:1")] string device) => Check(device, GpuPrecision.F32, largeTile: false, TileCases);

    [Test]
    public void TensorTile_WithPooledSums_IsExact() => Check("ilgpu-cpu:1", GpuPrecision.TF32, largeTile: false, TileCases[..1]);

    [Test, Category("Long")]
    public void TensorTiles_WithPooledSums_AreExact([Values(GpuPrecision.TF32, GpuPrecision.F16)] GpuPrecision precision) =>
        Check("ilgpu-cpu:1", precision, largeTile: false, TileCases);

    [Test]
    public void LargeTile_WithPooledSums_IsExact() => Check(OtherDevices.Wide, GpuPrecision.F32, largeTile: true, LargeCases[..1]);

    [Test, Category("Long")]
    public void LargeTiles_WithPooledSums_AreExact([Values(GpuPrecision.F32, GpuPrecision.TF32)] GpuPrecision precision) =>
        Check(OtherDevices.Wide, precision, largeTile: true, LargeCases);

    /// <summary>Sums over the depth that are cut, and SiLU, are finished in a launch of their own, which takes the sums over pixels too.</summary>
    [Test]
    public void Tail_WithPooledSums_MatchesReference([Values("ilgpu-cpu", "ilgpu-cpu:1")] string device)
    {
        foreach (var opCase in TailCases)
        {
            var (run, kernels) = Run(device, GemmVariant.Tile64, GpuPrecision.F32, opCase);
            Assert.That(kernels, Does.Contain(Tail).And.Contain(Parts).And.None.StartsWith(Again).And.None.EqualTo("gemm.split-sum"), opCase.ToString());
            var expected = CaseRun.On(Device.Reference, opCase, DType.F64, CaseRun.InputValues(opCase, DType.F32));
            for (int i = 0; i < 2; i++)
                Assert.That(run.Outputs[i], Is.EqualTo(expected.Outputs[i]).Within(1e-4), $"{opCase}: output {i}");
        }
    }

    /// <summary>The same without a mean.</summary>
    [Test]
    public void Tail_OfCutSums_IsExact()
    {
        var opCase = Case("sums cut, groups, residual", ConvGeometry.Of(padding: 1, groups: 2), new(ActivationKind.Relu, true, 0), [1, 80, 4, 5], [18, 40, 3, 3]);
        var (run, kernels) = Run("ilgpu-cpu", GemmVariant.Tile64, GpuPrecision.F32, opCase);
        Assert.That(kernels.Where(name => !name.StartsWith("memory.", StringComparison.Ordinal)), Is.EquivalentTo(new[] { "conv.forward.tile64", "conv.fused.tail" }));
        Assert.That(run.Outputs[0], Is.EqualTo(CaseRun.On(Device.Reference, opCase, DType.F64, CaseRun.InputValues(opCase, DType.F32)).Outputs[0]));
    }

    /// <summary>Narrow groups have no tiles, and small planes too many images in each: their output is read again.</summary>
    [Test]
    public void Sums_ThatAreNotTakenInParts_AreExact()
    {
        foreach (var opCase in (OpCase[])
            [
                Case("narrow groups", ConvGeometry.Of(padding: 1, groups: 4), new(ActivationKind.Relu, false, 2), [2, 8, 5, 6], [16, 2, 3, 3]),
                Case("small plane", ConvGeometry.Of(), new(ActivationKind.None, false, 2), [3, 8, 3, 5], [24, 8, 1, 1]),
            ])
        {
            var (run, kernels) = Run("ilgpu-cpu", GemmVariant.Automatic, GpuPrecision.F32, opCase);
            Assert.That(kernels, Has.Some.StartsWith(Again).And.None.EqualTo(Parts), opCase.ToString());
            AssertExact(run, opCase);
        }
    }

    /// <summary>What is not a number in one image stays there, although both images share a tile.</summary>
    [Test]
    public void Mean_OfAnImageBesideNaN_IsExact([Values] bool tensorCores)
    {
        var opCase = Case("two images in a part", ConvGeometry.Of(), new(ActivationKind.None, false, 1), [2, 8, 5, 5], [12, 8, 1, 1]);
        var values = CaseRun.InputValues(opCase, DType.F32);
        values[0][0] = double.NaN;
        values[0][30] = double.PositiveInfinity;
        var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values).Outputs[1];
        var (run, kernels) = Run(
            "ilgpu-cpu:1", tensorCores ? GemmVariant.Tensor64 : GemmVariant.Tile64, tensorCores ? GpuPrecision.TF32 : GpuPrecision.F32, opCase, values);
        Assert.That(kernels, Does.Contain(Parts));
        Assert.That(run.Outputs[1].Take(12), Is.All.NaN);
        Assert.That(run.Outputs[1].Skip(12), Is.EqualTo(expected.Skip(12)).Within(1e-5).Percent);
    }

    /// <summary>Both plain tiles add in one order.</summary>
    [Test, Category("Long")]
    public void Means_OfSmallAndLargeTile_HaveEqualBits()
    {
        var opCase = Uniform("two tiles each way", ConvGeometry.Of(padding: 1), new(ActivationKind.Relu, false, 2), [3, 8, 7, 7], [72, 8, 3, 3]);
        var (small, _) = Run("ilgpu-cpu", GemmVariant.Tile64, GpuPrecision.F32, opCase);
        var (large, _) = Run(OtherDevices.Wide, GemmVariant.Tile128, GpuPrecision.F32, opCase);
        Assert.That(large.Outputs[1], Is.EqualTo(small.Outputs[1]));
    }

    /// <summary>The sums before each attention and before the classifier: five means, none of which reads a map again.</summary>
    [Test]
    public void Session_OfAResNeSt_TakesEveryMeanInItsConvolution() => SmallResNeSt.CheckSession(
        SmallResNeSt.Options(16, 16, 16, 16) with { OutputStride = 8 }, "ilgpu-cpu", size => 1e-5 * Math.Max(1, size), session =>
        {
            var kernels = session.Profile(runs: 1).Select(time => time.Kernels).ToArray();
            Assert.That(kernels.Count(names => names.Contains(Parts)), Is.EqualTo(5));
            Assert.That(kernels.SelectMany(names => names), Has.None.StartsWith(Again));
        });

    /// <summary>Images that fill parts, share them and lie in several; rows behind the last; every kind of what happens before.</summary>
    internal static OpCase[] TileCases =>
    [
        Case("groups, images that share parts", ConvGeometry.Of(padding: 1, groups: 2), new(ActivationKind.Relu, false, 2), [3, 8, 7, 7], [24, 4, 3, 3]),
        Case("an image a part", ConvGeometry.Of(padding: 1, groups: 2), new(ActivationKind.Relu, false, 2), [2, 4, 8, 8], [24, 2, 3, 3]),
        Case("an image in two parts, rows in two tiles", ConvGeometry.Of(), new(ActivationKind.Relu6, false, 1), [1, 5, 9, 10], [70, 5, 1, 1]),
        Case("four images in a part, residual", ConvGeometry.Of(), new(ActivationKind.Relu, true, 3), [7, 3, 3, 6], [12, 3, 1, 1]),
        Case("stride 2", ConvGeometry.Of(stride: 2, padding: 1), new(ActivationKind.None, false, 4), [2, 3, 9, 11], [20, 3, 3, 3]),
    ];

    /// <summary>Two parts a tile: both full, the second cut short, the second empty; more than one tile.</summary>
    internal static OpCase[] LargeCases =>
    [
        Case("second part short", ConvGeometry.Of(), new(ActivationKind.Relu, false, 2), [2, 3, 7, 7], [20, 3, 1, 1]),
        Case("second part empty", ConvGeometry.Of(), new(ActivationKind.Relu, true, 1), [1, 3, 6, 8], [130, 3, 1, 1]),
        Case("two tiles, groups", ConvGeometry.Of(padding: 1, groups: 2), new(ActivationKind.None, false, 2), [3, 4, 7, 9], [24, 2, 3, 3]),
    ];

    private static IEnumerable<OpCase> TailCases =>
    [
        Case("sums cut, residual", ConvGeometry.Of(padding: 1), new(ActivationKind.Relu, true, 2), [3, 40, 5, 6], [20, 40, 3, 3]),
        Case("sums cut, groups", ConvGeometry.Of(padding: 1, groups: 2), new(ActivationKind.None, false, 1), [2, 80, 9, 8], [18, 40, 3, 3]),
        Uniform("sums cut, SiLU", ConvGeometry.Of(padding: 1), new(ActivationKind.Silu, false, 1), [1, 40, 4, 4], [12, 40, 3, 3]),
        Uniform("SiLU, residual", ConvGeometry.Of(), new(ActivationKind.Silu, true, 2), [3, 4, 5, 7], [12, 4, 1, 1]),
    ];

    /// <summary>Cases that are exact, through the tile that is named and no other way.</summary>
    internal static void Check(string device, GpuPrecision precision, bool largeTile, OpCase[] cases)
    {
        var variant = (precision == GpuPrecision.F32, largeTile) switch
        {
            (true, false) => GemmVariant.Tile64,
            (true, true) => GemmVariant.Tile128,
            (false, false) => GemmVariant.Tensor64,
            (false, true) => GemmVariant.Tensor128,
        };
        string format = precision == GpuPrecision.F32 ? "" : $"{precision.ToString().ToLowerInvariant()}.", kernel = $"conv.fused.{format}tile{(largeTile ? 128 : 64)}";
        foreach (var opCase in cases)
        {
            var (run, kernels) = Run(device, variant, precision, opCase);
            Assert.That(kernels, Does.Contain(kernel).And.Contain(Parts).And.None.StartsWith(Again), opCase.ToString());
            AssertExact(run, opCase);
        }
    }

    private static void AssertExact(CaseRun run, OpCase opCase)
    {
        var expected = CaseRun.On(Device.Reference, opCase, DType.F64, CaseRun.InputValues(opCase, DType.F32));
        Assert.That(run.Outputs[0], Is.EqualTo(expected.Outputs[0]), $"{opCase}: output");
        // One rounding: the division.
        Assert.That(run.Outputs[1], Is.EqualTo(expected.Outputs[1]).Within(1e-5).Percent, $"{opCase}: mean");
    }

    /// <summary>Runs a case in guarded, poisoned memory; with the names of the kernels.</summary>
    private static (CaseRun Run, IReadOnlyList<string> Kernels) Run(string device, GemmVariant variant, GpuPrecision precision, OpCase opCase, double[][]? values = null)
    {
        CaseRun run = null!;
        IReadOnlyList<string> kernels = [];
        OtherDevices.With(device, variant, precision, () =>
        {
            using var guarded = EngineSettings.WithCheckBounds(true);
            using var profile = BackendRegistry.Get(device).StartProfile()!;
            run = CaseRun.On(device, opCase, DType.F32, values ?? CaseRun.InputValues(opCase, DType.F32));
            kernels = [.. profile.Read().Select(time => time.Name)];
        });
        return (run, kernels);
    }

    private static OpCase Case(string name, ConvGeometry geometry, ConvEpilogue epilogue, Shape x, Shape w) =>
        new(name, new FusedConv2dOp(geometry, default, epilogue), [.. Shapes(geometry, epilogue, x, w).Select(shape => new OpInput(shape, InputValues.SmallIntegers))]);

    private static OpCase Uniform(string name, ConvGeometry geometry, ConvEpilogue epilogue, Shape x, Shape w) =>
        new(name, new FusedConv2dOp(geometry, default, epilogue), [.. Shapes(geometry, epilogue, x, w).Select(shape => new OpInput(shape))]);

    private static IEnumerable<Shape> Shapes(ConvGeometry geometry, ConvEpilogue epilogue, Shape x, Shape w)
    {
        yield return x;
        yield return w;
        yield return [w[0]];
        if (epilogue.Residual)
            yield return [x[0], w[0], geometry.OutputHeight(x[2], w[2]), geometry.OutputWidth(x[3], w[3])];
    }
}
