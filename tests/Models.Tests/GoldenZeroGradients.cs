using ResNeSt.Nn;

namespace ResNeSt.Models.Tests;

/// <summary>Parameters whose gradient is zero by algebra in training: a bias right in front of a batch norm, which subtracts it again.</summary>
internal static class GoldenZeroGradients
{
    public static bool Contains(Module network, string parameter) =>
        parameter.EndsWith("fc1.bias", StringComparison.Ordinal)
        && network.NamedModules().Any(entry => entry.Module is SplitAttention
            && parameter == (entry.Name.Length == 0 ? "fc1.bias" : $"{entry.Name}.fc1.bias"));
}
