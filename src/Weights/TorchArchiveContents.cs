namespace ResNeSt.Weights;

/// <summary>What the structure of a checkpoint says, before any value is read.</summary>
/// <param name="Root">The object that was saved.</param>
/// <param name="Blocks">The bytes of every storage that the pickle names, by key.</param>
/// <param name="PickleEntry">The archive entry of the pickle, for messages.</param>
internal sealed record TorchArchiveContents(object Root, IReadOnlyDictionary<string, TorchArchiveBlock> Blocks, string? PickleEntry);
