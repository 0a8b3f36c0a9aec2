using ResNeSt.Models;
using ResNeSt.Nn;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>One small network of each kind of attention forward through the kernels that a GPU would run, against double precision.</summary>
[TestFixture]
public sealed class RelativesTests
{
    private static readonly ResNetOptions Small = new()
    {
        Depths = [1, 1, 1, 1], Planes = [16, 16, 16, 16], Stem = StemKind.Tiered, StemWidth = 4, Classes = 5,
    };

    private static IEnumerable<TestCaseData> Networks()
    {
        yield return Named("Basic", Small with { Block = BlockKind.Basic, Activation = Activation.Silu });
        yield return Named("Deformable", Small with { Radix = 2, AverageDown = true, Shortcut = ShortcutKind.AverageDown, Deformation = new DeformOptions { OffsetGroups = 2, Stages = [1] } });
        yield return Named("BlurDown", Small with { Radix = 1, SplitActivation = Activation.Silu, BlurDown = true });
        foreach (var kind in Enum.GetValues<AttentionKind>().Where(kind => kind != AttentionKind.None))
            yield return Named(kind.ToString(), Small with { Attention = new() { Kind = kind, Reduction = 4, Stages = [0, 1] } });
        foreach (var form in Enum.GetValues<NonLocalForm>().Where(form => form != NonLocalForm.EmbeddedGaussian))
            yield return Named($"NonLocal{form}", Small with { Attention = new() { Kind = AttentionKind.NonLocal, Form = form, Stages = [1], Place = AttentionPlace.Input } });

        static TestCaseData Named(string name, ResNetOptions options) => new TestCaseData(options).SetArgDisplayNames(name);
    }

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [TestCaseSource(nameof(Networks))]
    public void SmallRelative_Forward_MatchesDoublePrecision(ResNetOptions options)
    {
        Shape shape = [1, 3, 33, 32];
        double[] expected = SmallResNeSt.Forward(options, Device.Reference, DType.F64, shape), actual = SmallResNeSt.Forward(options, "ilgpu-cpu", DType.F32, shape);
        Assert.That(SmallResNeSt.Distance(expected, actual), Is.LessThanOrEqualTo(1e-5 * Math.Max(1, SmallResNeSt.Size(expected))));
    }
}
