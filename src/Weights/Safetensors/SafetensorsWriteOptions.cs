namespace ResNeSt.Weights;

/// <summary>How <see cref="SafetensorsWriter"/> writes a file.</summary>
public sealed record SafetensorsWriteOptions
{
    /// <summary>Replace a file that exists; else that is an error.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Wait until the disk has the file before it takes its name, so that a power failure leaves the old file or the new one.</summary>
    public bool Durable { get; init; }

    /// <summary>Told the number of tensor bytes written so far, after each piece.</summary>
    public IProgress<long>? Progress { get; init; }
}
