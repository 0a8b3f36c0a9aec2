namespace ResNeSt.Tensors;

/// <summary>An operator got arguments whose shapes or types do not fit; the message names the operator first and states every shape.</summary>
public sealed class ShapeException(string message) : ArgumentException(message);
