namespace ResNeSt.Tensors;

/// <summary>A device is unknown, absent or has failed; the message says which and what to do.</summary>
public sealed class DeviceException(string message, Exception? inner = null) : Exception(message, inner);
