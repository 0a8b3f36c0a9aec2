namespace ResNeSt.Models;

/// <summary>A network of a walk through the family: the one before with one switch turned.</summary>
/// <param name="Name">Name in the zoo, or, of a network that nobody published, a name in parentheses.</param>
/// <param name="Switch">What is turned, as it is written in <see cref="ResNetOptions"/>; empty at the beginning.</param>
/// <param name="Formula">The one formula that changes.</param>
/// <param name="Options">The whole network.</param>
public sealed record FamilyStep(string Name, string Switch, string Formula, ResNetOptions Options);
