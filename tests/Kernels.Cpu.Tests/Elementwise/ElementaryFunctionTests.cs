namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Elementary functions over the whole range of F32, sampled by bit patterns, against double precision.</summary>
public sealed class ElementaryFunctionTests
{
    // A prime: every exponent and all kinds of mantissas occur, subnormals, infinities and NaN included.
    private const uint Stride = 4099;

    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [TestCase("exp", 1.1)]
    [TestCase("log", 1.1)]
    [TestCase("sigmoid", 2.5)]
    [TestCase("tanh", 1.6)]
    [TestCase("rsqrt", 1.6)]
    [TestCase("sqrt", 0.51)]
    [TestCase("reciprocal", 0.51)]
    public void Function_OverAllExponents_LiesWithinUnitsInTheLastPlace(string name, double units)
    {
        (Func<Tensor, Tensor> function, Func<double, double> exact) = name switch
        {
            "exp" => ((Func<Tensor, Tensor>)(x => x.Exp()), (Func<double, double>)Math.Exp),
            "log" => (x => x.Log(), Math.Log),
            "sigmoid" => (x => x.Sigmoid(), x => x > 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x))),
            "tanh" => (x => x.Tanh(), Math.Tanh),
            "rsqrt" => (x => x.Rsqrt(), x => 1 / Math.Sqrt(x)),
            "sqrt" => (x => x.Sqrt(), Math.Sqrt),
            _ => (x => x.Reciprocal(), x => 1 / x),
        };
        var values = new float[(int)(uint.MaxValue / Stride) + 1];
        for (int i = 0; i < values.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)i * Stride);
        using var scope = new TensorScope();
        var results = function(Tensor.FromArray(values, [values.Length])).ToArray<float>();

        double worst = 0;
        float where = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double error = UnitsApart(exact(values[i]), results[i]);
            // Written so that NaN counts as worst.
            if (!(error <= worst))
                (worst, where) = (error, values[i]);
        }

        TestContext.Out.WriteLine($"{name}: {worst:F2} units at {where:R}");
        Assert.That(worst, Is.LessThanOrEqualTo(units), $"at {where:R}");
    }

    [Test]
    public void Power_OfPositiveBases_LiesWithinUnitsInTheLastPlace()
    {
        var generator = new Generator(1);
        var bases = new float[100_003];
        var exponents = new float[bases.Length];
        for (int i = 0; i < bases.Length; i++)
        {
            bases[i] = (float)Math.Exp(40 * generator.NextUniform() - 20);
            exponents[i] = (float)(6 * generator.NextUniform() - 3);
        }

        using var scope = new TensorScope();
        var results = Tensor.FromArray(bases, [bases.Length]).Power(Tensor.FromArray(exponents, [bases.Length])).ToArray<float>();
        double worst = 0;
        for (int i = 0; i < bases.Length; i++)
            worst = Math.Max(worst, UnitsApart(Math.Pow(bases[i], exponents[i]), results[i]));

        Assert.That(worst, Is.LessThanOrEqualTo(0.51));
    }

    /// <summary>Distance in units of the last place of the exact value; zero if both round to the same, NaN and infinities included.</summary>
    private static double UnitsApart(double exact, float actual)
    {
        float rounded = (float)exact;
        if (rounded.Equals(actual))
            return 0;
        float magnitude = Math.Max(Math.Abs(rounded), 1.17549435e-38f);
        return Math.Abs(actual - exact) / (MathF.BitIncrement(magnitude) - (double)magnitude);
    }
}
