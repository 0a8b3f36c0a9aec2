using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A network of the zoo: how to build it and what is known of it.</summary>
public sealed class ModelEntry
{
    private readonly Lazy<ModelCard> _card;
    private readonly Func<ModelChanges, Module> _create;
    private readonly bool _isPlain;

    /// <param name="name">Name in the zoo.</param>
    /// <param name="card">Published facts, read when somebody asks: a program that runs one network need not read those of all.</param>
    /// <param name="create">Declares the network.</param>
    /// <param name="isPlain">Whether the card's other names are names of this entry.</param>
    internal ModelEntry(string name, Lazy<ModelCard> card, Func<ModelChanges, Module> create, bool isPlain = true)
    {
        Name = name;
        _card = card;
        _create = create;
        _isPlain = isPlain;
    }

    /// <summary>Name in the zoo.</summary>
    public string Name { get; }

    /// <summary>Other names for the same network.</summary>
    public IReadOnlyList<string> Aliases => _isPlain ? Card.Aliases : [];

    /// <summary>Published facts; a dilated form shares its card, and so its weights, with the plain one.</summary>
    public ModelCard Card => _card.Value;

    /// <summary>Declares the network without giving it memory.</summary>
    public Module Create(ModelChanges? changes = null) => _create(changes ?? new ModelChanges());

    /// <summary>Keys and shapes of the state, in the original's order; costs no memory for the values.</summary>
    public IReadOnlyDictionary<string, Shape> ExpectedState(ModelChanges? changes = null)
    {
        using var model = Create(changes);
        return new OrderedDictionary<string, Shape>(model.NamedState().Select(entry => KeyValuePair.Create(entry.Name, entry.State.Shape)));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What may differ from the published form of a network.</summary>
/// <param name="Classes">Other number of classes; 0 for pooled features instead of a classifier.</param>
/// <param name="InputChannels">Other number of input channels.</param>
/// <param name="OutputStride">Dilate to this output stride: 32, 16 or 8.</param>
/// <param name="ZeroLastGamma">Zero the last γ of every block, for training from scratch.</param>
/// <param name="Deformation">Deformable 3×3 convolutions; the offsets' weights are in no published file and begin at zero.</param>
/// <param name="Radix">Other radix; 0 for plain 3×3 convolutions.</param>
/// <param name="DropPath">Probability of dropping the last block's residual branch in training.</param>
/// <param name="DropBlock">First probability of DropBlock in the last two stages in training; negative for none.</param>
/// <param name="FinalDropout">Probability of dropout in front of the classifier in training.</param>
public sealed record ModelChanges(
    int? Classes = null, int? InputChannels = null, int? OutputStride = null, bool? ZeroLastGamma = null, DeformOptions? Deformation = null,
    int? Radix = null, double? DropPath = null, double? DropBlock = null, double? FinalDropout = null);
