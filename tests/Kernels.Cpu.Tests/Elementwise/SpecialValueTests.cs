namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Infinities, NaN, both zeros and subnormal values: every elementwise kernel gives what the reference gives.</summary>
public sealed class SpecialValueTests
{
    private static readonly float[] Values =
    [
        0f, -0f, 1f, -1f, 2f, -2f, 3f, -3f, 0.5f, -0.5f, 1.5f, -2.5f, 88.9f, -104.5f, 1e-40f, -1e-40f, 1e30f, -1e30f, 16777216f, -16777217f, 8388607f,
        float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
    ];

    private static readonly UnaryOp[] Unaries =
    [
        new NegateOp(), new AbsOp(), new SignOp(), new FloorOp(), new ExpOp(), new LogOp(), new SqrtOp(), new RsqrtOp(), new ReciprocalOp(), new SquareOp(),
        new TanhOp(), new SigmoidOp(), new ReluOp(), new AffineOp(2, -1), new AffineOp(0, 3), new ClampOp(-1, 2), new ClampOp(double.NegativeInfinity, 2),
        new LeakyReluOp(0.25),
    ];

    private static readonly BinaryOp[] Binaries =
    [
        new AddOp(), new SubtractOp(), new MultiplyOp(), new DivideOp(), new MaximumOp(), new MinimumOp(), new PowerOp(), new GreaterOp(), new EqualOp(),
    ];

    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [TestCaseSource(nameof(Unaries))]
    public void Unary_OfSpecialValues_MatchesReference(UnaryOp op)
    {
        using var scope = new TensorScope();
        Shape shape = [Values.Length];
        var expected = OpDispatcher.Run(op, Tensor.FromArray(Values, shape, Device.Reference))[0].ToArray<float>();
        var actual = OpDispatcher.Run(op, Tensor.FromArray(Values, shape))[0].ToArray<float>();

        for (int i = 0; i < Values.Length; i++)
            Assert.That(Matches(expected[i], actual[i]), $"{op}({Values[i]:R}): {actual[i]:R} instead of {expected[i]:R}");
    }

    [TestCaseSource(nameof(Binaries))]
    public void Binary_OfSpecialValues_MatchesReference(BinaryOp op)
    {
        using var scope = new TensorScope();
        var expected = Table(op, Device.Reference);
        var actual = Table(op, Device.Cpu);

        for (int i = 0; i < expected.Length; i++)
        {
            var (a, b) = (Values[i / Values.Length], Values[i % Values.Length]);
            Assert.That(Matches(expected[i], actual[i]), $"{op}({a:R}, {b:R}): {actual[i]:R} instead of {expected[i]:R}");
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void ReluGrad_OfNaN_LetsTheGradientPassAndStopsInfinitiesAtZero(bool fuse)
    {
        using var scope = new TensorScope();
        using var setting = EngineSettings.WithFuse(fuse);
        var y = Tensor.FromArray([0f, 1f, float.NaN, 0f, 2f], [5]);
        var dy = Tensor.FromArray([float.PositiveInfinity, 3f, 4f, float.NaN, float.NegativeInfinity], [5]);

        var dx = OpDispatcher.Run(new ReluGradOp(), y, dy)[0].ToArray<float>();

        Assert.That(dx, Is.EqualTo(new[] { 0f, 3f, 4f, 0f, float.NegativeInfinity }));
    }

    [Test]
    public void Where_OfNaN_TakesNothingFromTheOtherSide()
    {
        using var scope = new TensorScope();
        var condition = Tensor.FromArray([0f, 1f, float.NaN, -0f], [4]);

        var chosen = condition.Where(Tensor.FromArray([float.NaN, 1f, 2f, float.NaN], [4]), Tensor.FromArray([5f, float.NaN, float.NaN, 6f], [4]));

        Assert.That(chosen.ToArray<float>(), Is.EqualTo(new[] { 5f, 1f, 2f, 6f }));
    }

    private static float[] Table(BinaryOp op, Device device) => OpDispatcher.Run(op,
        Tensor.FromArray(Values, [Values.Length, 1], device), Tensor.FromArray(Values, [Values.Length], device))[0].ToArray<float>();

    private static bool Matches(float expected, float actual) =>
        expected.Equals(actual) || Math.Abs(actual - (double)expected) <= 3e-7 * Math.Abs((double)expected) + 3e-45;
}
