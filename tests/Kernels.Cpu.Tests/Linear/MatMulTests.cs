using MathNet.Numerics.LinearAlgebra.Double;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Matrix products judged by arithmetic and by another library.</summary>
public sealed class MatMulTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void MatMul_OfSmallIntegersAtEveryTail_IsExact() => Assert.That(ExactProducts.Check(), Is.Empty);

    [TestCase(1, 1000, 2048)]
    [TestCase(64, 64, 64)]
    [TestCase(127, 259, 700)]
    [TestCase(300, 7, 1025)]
    [TestCase(5, 515, 31)]
    public void MatMul_OfRandomMatrices_AgreesWithMathNet(int rows, int columns, int terms)
    {
        var (a, b) = (Uniform(rows * terms, 1), Uniform(terms * columns, 2));
        // MathNet stores column by column: its matrix of our rows is the transposed one.
        var left = new DenseMatrix(terms, rows, a).Transpose();
        var right = new DenseMatrix(columns, terms, b).Transpose();
        double[] expected = (left * right).Transpose().ToColumnMajorArray();
        for (int form = 0; form < 4; form++)
        {
            using var scope = new TensorScope();
            bool transposeLeft = (form & 1) != 0, transposeRight = (form & 2) != 0;
            var x = Tensor.FromDoubles(transposeLeft ? left.ToColumnMajorArray() : a, new TensorSpec(transposeLeft ? [terms, rows] : [rows, terms], DType.F32));
            var y = Tensor.FromDoubles(transposeRight ? right.ToColumnMajorArray() : b, new TensorSpec(transposeRight ? [columns, terms] : [terms, columns], DType.F32));

            var actual = x.MatMul(y, transposeLeft, transposeRight).ToDoubles();

            // Far above what rounding makes of sums of products below one, far below any product that were missing.
            double bound = terms * 6e-8;
            Assert.That(actual, Is.EqualTo(expected).Within(bound), $"transposed {transposeLeft} and {transposeRight}");
        }
    }

    [Test]
    public void MatMul_OfABatch_HasTheBitsOfSingleProducts()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromDoubles(Uniform(6 * 20 * 40, 3), new TensorSpec([2, 3, 20, 40], DType.F32));
        var y = Tensor.FromDoubles(Uniform(3 * 40 * 50, 4), new TensorSpec([3, 40, 50], DType.F32));

        var all = x.MatMul(y).ToArray<float>();

        for (int batch = 0; batch < 6; batch++)
        {
            var one = x.Reshape([6, 20, 40]).Slice(0, batch, 1).MatMul(y.Slice(0, batch % 3, 1)).ToArray<float>();
            Assert.That(all[(batch * 1000)..((batch + 1) * 1000)], Is.EqualTo(one), $"product {batch}");
        }
    }

    private static double[] Uniform(int count, ulong seed)
    {
        var generator = new Generator(seed);
        var values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(2 * generator.NextUniform() - 1);
        return values;
    }
}
