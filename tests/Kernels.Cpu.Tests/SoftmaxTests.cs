namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Both softmax forms where naive ones overflow: huge logits, impossible classes; along rows and along columns.</summary>
[TestFixture("cpu")]
[TestFixture("reference")]
public sealed class SoftmaxTests(string device)
{
    private const double Infinity = double.PositiveInfinity;

    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void Softmax_LogitsOfTenThousand_NeitherOverflowsNorUnderflows([Values] bool columns)
    {
        using var scope = new TensorScope();
        var x = Rows(columns, [1e4, 1e4, -1e4], [-1e4, -1e4 + 1, -2e4], [1e4, 9999, 0]);
        double e = Math.Exp(-1);
        double[][] expected = [[0.5, 0.5, 0], [e / (1 + e), 1 / (1 + e), 0], [1 / (1 + e), e / (1 + e), 0]];
        AssertRows(x.Softmax(columns ? 0 : 1), columns, expected, 1e-7);
    }

    [Test]
    public void LogSoftmax_LogitsOfTenThousand_KeepsTheDifferences([Values] bool columns)
    {
        using var scope = new TensorScope();
        var x = Rows(columns, [1e4, 1e4, -1e4], [0, -1e4, -5e3], [1e4, 9999, 9998]);
        double sum = Math.Log(1 + Math.Exp(-1) + Math.Exp(-2));
        double[][] expected = [[-Math.Log(2), -Math.Log(2), -2e4 - Math.Log(2)], [0, -1e4, -5e3], [-sum, -1 - sum, -2 - sum]];
        AssertRows(x.LogSoftmax(columns ? 0 : 1), columns, expected, 2e-7);
    }

    [Test]
    public void Softmax_ImpossibleClasses_GetZeroAndFiniteGradients([Values] bool columns, [Values] bool logarithm)
    {
        using var scope = new TensorScope();
        var x = Rows(columns, [-Infinity, 0, 0], [-Infinity, -Infinity, 3], [1, 1, -Infinity]);
        x.RequiresGrad = true;
        int axis = columns ? 0 : 1;
        var y = logarithm ? x.LogSoftmax(axis) : x.Softmax(axis);
        double half = logarithm ? -Math.Log(2) : 0.5, zero = logarithm ? -Infinity : 0, one = logarithm ? 0 : 1;
        AssertRows(y, columns, [[zero, half, half], [zero, zero, one], [half, half, zero]], 1e-7);
        y.Backward(Tensor.Ones(y.Shape, y.DType, device));
        Assert.That(x.Grad!.ToDoubles(), Has.All.Matches<double>(double.IsFinite));
    }

    [Test]
    public void Softmax_NoPossibleClass_IsNaN()
    {
        using var scope = new TensorScope();
        var x = Rows(false, [-Infinity, -Infinity], [0, 0]);
        Assert.That(x.Softmax(-1).ToDoubles(), Is.EqualTo(new[] { double.NaN, double.NaN, 0.5, 0.5 }));
    }

    [Test]
    public void Softmax_NaNLogit_SpoilsItsRowOnly([Values(3, 40)] int classes)
    {
        using var scope = new TensorScope();
        var values = new double[2 * classes];
        values[classes - 1] = double.NaN;
        var y = Tensor.FromDoubles(values, new TensorSpec([2, classes], DType.F32), device).Softmax(1).ToDoubles();
        Assert.That(y[..classes], Has.All.NaN);
        Assert.That(y[classes..], Has.All.EqualTo(1.0 / classes).Within(1e-7));
    }

    [Test]
    public void Softmax_Scalar_IsOneClass()
    {
        using var scope = new TensorScope();
        var x = Tensor.Full(-3, Shape.Scalar, DType.F32, device);
        Assert.That((x.Softmax(0).Item(), x.LogSoftmax(-1).Item()), Is.EqualTo((1.0, 0.0)));
    }

    [Test]
    public void Softmax_MissingAxis_NamesOperatorAndShape() =>
        Assert.That(() => Tensor.Zeros([2, 3], DType.F32, device).Softmax(2),
            Throws.TypeOf<ShapeException>().With.Message.Contains("softmax").And.Message.Contains("[2,3]"));

    /// <summary>The rows as a tensor; as columns, each repeated so that vectors and tails both see it.</summary>
    private Tensor Rows(bool columns, params double[][] rows)
    {
        int classes = rows[0].Length;
        if (!columns)
            return Tensor.FromDoubles([.. rows.SelectMany(row => row)], new TensorSpec([rows.Length, classes], DType.F32), device);
        const int width = 37;
        var values = new double[classes * width];
        for (int i = 0; i < values.Length; i++)
            values[i] = rows[i % width % rows.Length][i / width];
        return Tensor.FromDoubles(values, new TensorSpec([classes, width], DType.F32), device);
    }

    private static void AssertRows(Tensor actual, bool columns, double[][] expected, double relative)
    {
        var values = actual.ToDoubles();
        int width = columns ? actual.Shape[1] : expected.Length;
        for (int row = 0; row < width; row++)
        {
            var want = expected[row % expected.Length];
            for (int c = 0; c < want.Length; c++)
            {
                double value = columns ? values[c * width + row] : values[row * want.Length + c];
                Assert.That(value == want[c] || Math.Abs(value - want[c]) <= relative * Math.Max(1, Math.Abs(want[c])), Is.True,
                    $"row {row}, class {c}: {value} instead of {want[c]}");
            }
        }
    }
}
