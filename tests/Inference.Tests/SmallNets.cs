using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Inference.Tests;

/// <summary>Small networks of every kind, with weights and statistics that are not trivial.</summary>
internal static class SmallNets
{
    /// <summary>A split-attention network of one block a stage.</summary>
    public static readonly ResNetOptions ResNeSt = new()
    {
        Depths = [1, 2, 1, 1],
        Planes = [16, 32, 32, 32],
        Stem = StemKind.Deep,
        StemWidth = 16,
        Shortcut = ShortcutKind.AverageDown,
        AverageDown = true,
        Radix = 2,
        Classes = 10,
    };

    private static readonly ResNetOptions Plain = ResNeSt with { Radix = 0, AverageDown = false, Shortcut = ShortcutKind.Projection };

    /// <summary>Input of all of them.</summary>
    public static readonly TensorSpec Input = new([2, 3, 64, 48], DType.F32);

    /// <summary>The networks as test cases: one argument, which makes the network.</summary>
    public static IEnumerable<TestCaseData> All()
    {
        yield return Named("ResNeSt", ResNeSt);
        yield return Named("ResNeStFast", ResNeSt with { AverageDownFirst = true });
        yield return Named("ResNeStCardinality", ResNeSt with { Cardinality = 2, BottleneckWidth = 32, Radix = 4 });
        yield return Named("ResNeStRadix1", ResNeSt with { Radix = 1, Cardinality = 2, BottleneckWidth = 40 });
        yield return Named("ResNeStDilated", ResNeSt with { OutputStride = 8 });
        yield return Named("ResNeStSilu", ResNeSt with { Activation = Activation.Silu, FinalChannels = 48 });
        yield return Named("Bottleneck", Plain);
        yield return Named("Basic", Plain with { Block = BlockKind.Basic });
        foreach (var kind in Enum.GetValues<AttentionKind>().Where(kind => kind != AttentionKind.None))
            yield return Named(kind.ToString(), Plain with { Attention = new() { Kind = kind, Reduction = 4 } });
        yield return Case("MobileNetV2", () => new MobileNetV2(new MobileNetV2Options { Classes = 10, Dropout = 0.2 }));

        static TestCaseData Named(string name, ResNetOptions options) => Case(name, () => new ResNet(options));
        static TestCaseData Case(string name, Func<Module> create) => new TestCaseData(create).SetArgDisplayNames(name);
    }

    /// <summary>Weights on a device, in evaluation mode.</summary>
    public static T Filled<T>(T module, Device? device = null, DType dtype = DType.F32)
        where T : Module
    {
        module.MaterializeEmpty(device ?? Device.Cpu, dtype);
        GoldenWeights.Fill(module);
        module.Eval();
        return module;
    }

    /// <summary>An input for a spec.</summary>
    public static float[] Values(TensorSpec spec, string key = "input") => [.. GoldenWeights.Values(key, spec.Shape).Select(value => (float)value)];

    /// <summary>What the module computes eagerly.</summary>
    public static double[] Eager(Module module, TensorSpec spec, string key = "input")
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        return module.Forward(Tensor.FromDoubles(GoldenWeights.Values(key, spec.Shape), spec)).ToDoubles();
    }

    /// <summary>Asserts that two results are equal up to rounding.</summary>
    public static void AssertClose(ReadOnlySpan<float> actual, double[] expected, double relative = 2e-5)
    {
        Assert.That(actual.Length, Is.EqualTo(expected.Length));
        double largest = expected.Max(Math.Abs), worst = 0;
        for (int i = 0; i < expected.Length; i++)
            worst = Math.Max(worst, Math.Abs(actual[i] - expected[i]) is var gap && double.IsNaN(gap) ? double.PositiveInfinity : gap);
        Assert.That(worst, Is.LessThanOrEqualTo(relative * largest), $"largest value {largest:g3}");
    }
}
