using ResNeSt.Nn;

namespace ResNeSt.Models.Tests;

/// <summary>Parameters whose gradient is zero by algebra in training: a bias right in front of a batch norm, which subtracts it again, or one
/// that shifts all logits of a softmax alike.</summary>
internal static class GoldenZeroGradients
{
    private static readonly (Type Module, string Parameter)[] Known =
    [
        (typeof(SplitAttention), "fc1.bias"),
        (typeof(GlobalContext), "conv_mask.bias"),
        (typeof(GlobalContext), "conv_attn.bias"),
        (typeof(SimplifiedNonLocal), "conv_mask.bias"),
        (typeof(NonLocal), "phi.conv.bias"),
        (typeof(ContextualTransformer), "se.0.bias"),
        (typeof(ContextualExtension), "se.0.bias"),
    ];

    public static bool Contains(Module network, string parameter) =>
        Known.Any(known => parameter.EndsWith(known.Parameter, StringComparison.Ordinal)
            && network.NamedModules().Any(entry => entry.Module.GetType() == known.Module
                && parameter == (entry.Name.Length == 0 ? known.Parameter : $"{entry.Name}.{known.Parameter}")));
}
