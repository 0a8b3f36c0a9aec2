namespace ResNeSt.Models;

/// <summary>The zoo has no network of that name; the message suggests the nearest.</summary>
public sealed class UnknownModelException(string message) : ArgumentException(message);
