using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>The tensor-core kernels on a simulated device with warps of 32, where each lane does what the hardware's lane would: every word that a
/// lane holds is looked up where the instruction set says it lies.</summary>
[TestFixture]
public sealed class TensorCoreTests
{
    private const string Twin = "ilgpu-cpu:1";

    [OneTimeSetUp]
    public void Register() => OtherDevices.Register();

    /// <summary>Small integers are exact in every format and so are their sums: a word in the wrong lane shows, and rounding does not blur it.</summary>
    [Test]
    public void Convolution_OfIntegers_IsExact() => CheckExact(Twin, GemmVariant.Tensor64, GpuPrecision.F16, Grouped, Stem);

    [Test, Category("Long")]
    public void Products_OfIntegers_AreExact([Values(GpuPrecision.TF32, GpuPrecision.F16, GpuPrecision.BF16)] GpuPrecision precision) => CheckExact(
        Twin,
        GemmVariant.Tensor64,
        precision,
        Grouped,
        Case("edges of tiles", new Conv2dOp(ConvGeometry.Of()), [1, 7, 5, 13], [65, 7, 1, 1], [65]),
        Case("sums in parts", new Conv2dOp(ConvGeometry.Of(padding: 1)), [1, 40, 5, 6], [20, 40, 3, 3], [20]),
        Case("residual and ReLU", new FusedConv2dOp(ConvGeometry.Of(), new(0, null), new(ActivationKind.Relu, true, 0)), [2, 9, 3, 5], [17, 9, 1, 1], [17], [2, 17, 3, 5]),
        Case("strided", new Conv2dInputGradOp(ConvGeometry.Of(stride: 2, padding: 1), 7, 9), [1, 12, 4, 5], [12, 10, 3, 3]),
        Case("grouped", new Conv2dWeightGradOp(ConvGeometry.Of(padding: 1, groups: 2), 3, 3), [1, 10, 5, 7], [1, 20, 5, 7]),
        Case("plain", new MatMulOp(false, false), [70, 40], [40, 67]),
        Case("right transposed", new MatMulOp(false, true), [70, 40], [67, 40]),
        Case("left transposed", new MatMulOp(true, false), [40, 70], [40, 67]),
        Case("both transposed", new MatMulOp(true, true), [40, 9], [65, 40]),
        Stem,
        Case("7x7", new Conv2dInputGradOp(ConvGeometry.Of(padding: 3), 6, 5), [1, 3, 6, 5], [3, 2, 7, 7]),
        Case("7x7 stride 2", new Conv2dWeightGradOp(ConvGeometry.Of(stride: 2, padding: 3), 7, 7), [1, 2, 7, 9], [1, 3, 4, 5]),
        Case("as many rows and columns as bits", new Conv2dOp(ConvGeometry.Of(padding: 7)), [1, 1, 3, 4], [10, 1, 15, 15], [10]));

    /// <summary>Each row and each column of a filter needs a bit; where there are more, products go on in F32.</summary>
    [Test]
    public void FilterOfMoreRowsThanBits_RunsInF32() => OtherDevices.With(Twin, GemmVariant.Tensor64, GpuPrecision.F16, () =>
    {
        var opCase = Case("16x1", new Conv2dOp(new ConvGeometry(1, 1, 8, 0, 7, 0, 1, 1, 1)), [1, 2, 3, 2], [4, 2, 16, 1], [4]);
        Assert.That(Products(opCase, GpuPrecision.F16), Is.EqualTo(new[] { "conv.forward.tile64" }));
    });

    /// <summary>The large tile deals pieces to its threads in another way.</summary>
    [Test, Category("Long")]
    public void LargeTiles_OfIntegers_AreExact([Values(GpuPrecision.TF32, GpuPrecision.F16)] GpuPrecision precision) => CheckExact(
        OtherDevices.Wide,
        GemmVariant.Tensor128,
        precision,
        Case("3x3 over two tiles each way", new Conv2dOp(ConvGeometry.Of(padding: 1)), [2, 5, 9, 10], [136, 5, 3, 3], [136]),
        Case("plain", new MatMulOp(false, false), [130, 70], [70, 129]));

    [TestCase(1f, 1f), TestCase(1.00048828125f, 1f), TestCase(1.000732421875f, 1.0009765625f), TestCase(65519f, 65504f), TestCase(6e-8f, 5.9604644775390625e-8f)]
    public void F16_RoundsToNearest(float value, float expected) =>
        Assert.That(FormatF16.Dot(FormatF16.Pack(value, 0), FormatF16.Pack(1, 0)), Is.EqualTo(expected));

    [TestCase(1f, 1f), TestCase(1.00048828125f, 1.0009765625f), TestCase(-1.00048828125f, -1.0009765625f), TestCase(1.0004f, 1f), TestCase(float.PositiveInfinity, float.PositiveInfinity)]
    public void TF32_RoundsToNearest_TiesAway(float value, float expected) =>
        Assert.That(FormatTF32.Dot(FormatTF32.Pack(value, 0), FormatTF32.Pack(1, 0)), Is.EqualTo(expected));

    private static OpCase Stem => Case("7x7 stride 2", new Conv2dOp(ConvGeometry.Of(stride: 2, padding: 3)), [1, 2, 7, 9], [10, 2, 7, 7], [10]);

    private static OpCase Grouped => Case("3x3, groups, stride 2", new Conv2dOp(ConvGeometry.Of(stride: 2, padding: 1, groups: 2)), [2, 6, 6, 7], [132, 3, 3, 3], [132]);

    private static void CheckExact(string device, GemmVariant variant, GpuPrecision precision, params OpCase[] cases)
    {
        OtherDevices.With(device, variant, precision, () =>
        {
            string kernel = $".{precision.ToString().ToLowerInvariant()}.tile{(variant == GemmVariant.Tensor128 ? 128 : 64)}";
            foreach (var opCase in cases)
                Assert.That(Products(opCase, precision, device), Is.Not.Empty.And.All.EndsWith(kernel), $"{precision} {opCase}");
        });
    }

    /// <summary>Checks that a case comes out exactly and gives the names of the products that computed it.</summary>
    private static string[] Products(OpCase opCase, GpuPrecision precision, string device = Twin)
    {
        var values = CaseRun.InputValues(opCase, DType.F32);
        var expected = CaseRun.On(Device.Reference, opCase, DType.F64, values);
        using var profile = BackendRegistry.Get(device).StartProfile()!;
        var actual = CaseRun.On(device, opCase, DType.F32, values);
        Assert.That(actual.Outputs[0], Is.EqualTo(expected.Outputs[0]), $"{precision} {opCase}");
        return [.. profile.Read().Select(row => row.Name).Where(name => name.Contains(".tile", StringComparison.Ordinal))];
    }

    private static OpCase Case(string name, Op op, params Shape[] inputs) =>
        new(name, op, [.. inputs.Select(shape => new OpInput(shape, InputValues.SmallIntegers))]);
}
