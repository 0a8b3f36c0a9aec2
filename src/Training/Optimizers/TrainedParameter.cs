using ResNeSt.Nn;

namespace ResNeSt.Training;

/// <summary>A parameter as an optimiser sees it.</summary>
/// <param name="Name">Full name in the network; names the optimiser's state in checkpoints.</param>
/// <param name="Parameter">The parameter; passed over while it is frozen or has no gradient.</param>
/// <param name="Decays">Whether weight decay pulls on it.</param>
public sealed record TrainedParameter(string Name, Parameter Parameter, bool Decays)
{
    /// <summary>Every parameter of a network.</summary>
    /// <param name="model">The network.</param>
    /// <param name="scope">Which of them decay.</param>
    public static IReadOnlyList<TrainedParameter> Of(Module model, DecayScope scope = DecayScope.All)
    {
        var owners = model.NamedModules().ToDictionary(entry => entry.Name, entry => entry.Module);
        return [.. model.NamedParameters().Select(entry => new TrainedParameter(entry.Name, entry.Parameter, Decays(entry.Name, entry.Parameter)))];

        bool Decays(string name, Parameter parameter) => scope switch
        {
            DecayScope.All => true,
            DecayScope.Weights => parameter.Name == "weight" && owners[name[..Math.Max(0, name.LastIndexOf('.'))]] is Conv2d or Linear,
            DecayScope.Matrices => parameter.Shape.Rank > 1,
            DecayScope.NamesWithoutNorm => !name.Contains("bn", StringComparison.Ordinal) && !name.Contains("bias", StringComparison.Ordinal),
            _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "unknown scope of weight decay"),
        };
    }
}

/// <summary>What weight decay pulls on.</summary>
public enum DecayScope
{
    /// <summary>Every parameter: torchvision's ResNet.</summary>
    All,

    /// <summary>Weights of convolutions and linear layers; no bias and nothing of a norm: ResNeSt's Gluon scripts.</summary>
    Weights,

    /// <summary>Parameters of two axes and more: CoTNet.</summary>
    Matrices,

    /// <summary>Parameters whose full name holds neither "bn" nor "bias": ResNeSt's PyTorch port, which so decays the norms of its shortcuts.</summary>
    NamesWithoutNorm,
}
