namespace ResNeSt.Models;

/// <summary>The published ResNeSt networks as options of the one skeleton: Zhang et al. 2020, arXiv:2004.08955, and the authors' code; and three of ours for small pictures.</summary>
internal static class ResNeStFamily
{
    private static readonly ResNetOptions Main = new()
    {
        Depths = [3, 4, 6, 3],
        Stem = StemKind.Deep,
        Shortcut = ShortcutKind.AverageDown,
        Radix = 2,
        AverageDown = true,
    };

    private static readonly ResNetOptions Fast = Main with { AverageDownFirst = true };

    /// <summary>For pictures of 28 or 32 pixels: one convolution of stride one as stem.</summary>
    private static readonly ResNetOptions Small = Main with
    {
        Stem = StemKind.Small,
        StemPool = StemPool.None,
    };

    /// <summary>Names and options. In <c>fast_RsKxWd</c> R is the radix, K the cardinality, W the bottleneck width.</summary>
    public static IReadOnlyList<(string Name, ResNetOptions Options)> All { get; } =
    [
        ("resnest14", Main with { Depths = [1, 1, 1, 1] }),
        ("resnest26", Main with { Depths = [2, 2, 2, 2] }),
        ("resnest50", Main),
        ("resnest101", Main with { Depths = [3, 4, 23, 3], StemWidth = 64 }),
        ("resnest200", Main with { Depths = [3, 24, 36, 3], StemWidth = 64 }),
        ("resnest269", Main with { Depths = [3, 30, 48, 8], StemWidth = 64 }),
        ("resnest50_fast_1s1x64d", Fast with { Radix = 1 }),
        ("resnest50_fast_2s1x64d", Fast),
        ("resnest50_fast_4s1x64d", Fast with { Radix = 4 }),
        ("resnest50_fast_1s2x40d", Fast with { Radix = 1, Cardinality = 2, BottleneckWidth = 40 }),
        ("resnest50_fast_2s2x40d", Fast with { Cardinality = 2, BottleneckWidth = 40 }),
        ("resnest50_fast_4s2x40d", Fast with { Radix = 4, Cardinality = 2, BottleneckWidth = 40 }),
        ("resnest50_fast_1s4x24d", Fast with { Radix = 1, Cardinality = 4, BottleneckWidth = 24 }),
        // Most work at 16 and 8 pixels, where a processor's kernels are fastest.
        ("resnest_small", Small with { Depths = [2, 2, 2, 1], FirstStride = 2, Planes = [32, 64, 96, 128], AverageDownFirst = true }),
        ("resnest_mini", Small with { Depths = [1, 1, 1, 1], StemWidth = 16, FirstStride = 2, Planes = [32, 64, 96, 128], AverageDownFirst = true }),
        ("resnest_tiny", Small with { Depths = [1, 1, 1, 1], StemWidth = 16, Planes = [8, 16, 32, 64] }),
    ];
}
