namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Every variant of the matrix products computes every case of them, whatever the shape would choose by itself.</summary>
[TestFixture]
public sealed class ProductVariantTests
{
    private static IEnumerable<OpCase> SmallCases =>
        ((string[])["conv2d", "conv2d_input_grad", "conv2d_weight_grad", "mat_mul", "linear"]).SelectMany(CaseCatalog.Of).Where(opCase => !opCase.Large);

    /// <summary>Tiles that are full, that end within, and of which a row or a column is left; sums of one step, of a rest, of several parts.</summary>
    private static IEnumerable<OpCase> TileCases =>
    [
        Conv("one full tile", [1, 8, 8, 8], [64, 8, 1, 1], 1, 0, 1),
        Conv("a row and a column over", [1, 7, 5, 13], [65, 7, 1, 1], 1, 0, 1),
        Conv("3x3 over two tiles each way", [2, 10, 7, 7], [70, 10, 3, 3], 1, 1, 1),
        Conv("3x3 stride 2, groups", [1, 12, 15, 13], [140, 6, 3, 3], 2, 1, 2),
        Conv("sums in parts", [1, 40, 5, 6], [20, 40, 3, 3], 1, 1, 1),
        Conv("dilated, sums in parts, groups", [1, 48, 9, 5], [24, 24, 3, 3], 1, 2, 2, dilation: 2),
        new("sums in parts", new MatMulOp(false, true), [70, 300], [67, 300]) { Terms = 300 },
        new("sums in parts, both transposed", new MatMulOp(true, true), [300, 9], [65, 300]) { Terms = 300 },
        new("parts and bias", new LinearOp(), [3, 300], [66, 300], [66]) { Terms = 301 },
    ];

    [OneTimeSetUp]
    public void Register() => OtherDevices.Register();

    [Test]
    public void Products_Directly_MatchReference() => Check("ilgpu-cpu", GemmVariant.Direct, [.. SmallCases, .. TileCases]);

    [Test]
    public void Products_BySmallTiles_MatchReference() => Check("ilgpu-cpu", GemmVariant.Tile64, [.. TileCases]);

    [Test]
    public void Products_ByLargeTiles_MatchReference() => Check(OtherDevices.Wide, GemmVariant.Tile128, [.. TileCases.Take(1)]);

    [Test, Category("Long")]
    public void Products_DirectlyOnWideWarps_MatchReference() => Check("ilgpu-cpu:1", GemmVariant.Direct, [.. SmallCases, .. TileCases]);

    [Test, Category("Long")]
    public void SmallProducts_BySmallTiles_MatchReference([Values("ilgpu-cpu", "ilgpu-cpu:1")] string device) =>
        Check(device, GemmVariant.Tile64, [.. SmallCases, .. TileCases]);

    [Test, Category("Long")]
    public void AllTileEdges_ByLargeTiles_MatchReference() => Check(OtherDevices.Wide, GemmVariant.Tile128, [.. TileCases]);

    private static void Check(string device, GemmVariant variant, IReadOnlyList<OpCase> cases)
    {
        OtherDevices.With(device, variant, GpuPrecision.F32, () => Assert.That(new BackendChecks(device).InTwoRuns(cases), Is.Empty));
        OtherDevices.AssertUsed(device, variant switch { GemmVariant.Direct => ".direct", GemmVariant.Tile64 => ".tile64", _ => ".tile128" });
    }

    private static OpCase Conv(string name, OpInput x, OpInput w, int stride, int padding, int groups, int dilation = 1) =>
        new(name, new Conv2dOp(ConvGeometry.Of(stride, padding, dilation, groups)), x, w, new OpInput([w.Shape[0]])) { Terms = w.Shape.Product(1, 4) + 1 };
}
