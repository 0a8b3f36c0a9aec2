namespace ResNeSt.Weights;

/// <summary>The official names themselves: the ResNeSt authors' PyTorch files, and torchvision's.</summary>
internal sealed class IdentityNameMap(string name) : NameMap(name)
{
    private protected override IReadOnlyList<NameRule> Rules(IReadOnlySet<string> names, bool official) => [];
}
